import EnvoyConfig
import Reactor

/// The members of a STATIC cluster: the addresses that its file names.
enum StaticHosts {
  static func make(_ membership: ClusterMembership) -> [Host] {
    membership.info.config.loadAssignment.endpoints.flatMap { group in
      group.lbEndpoints.compactMap { endpoint in
        guard let address = Reactor.SocketAddress(endpoint.endpoint.address) else { return nil }
        return membership.makeHost(
          address, hostname: endpoint.endpoint.hostname, endpoint: endpoint, group: group)
      }
    }
  }
}
