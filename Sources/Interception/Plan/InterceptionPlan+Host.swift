import EnvoyConfig
import Reactor

/// What cannot be where the app stays on the host.
extension InterceptionPlan {
  /// Inbound listeners that stand at the very address where their cluster expects the app.
  package var takenAddresses: [ConfigError] {
    let resources = bootstrap.staticResources
    let clusters = Dictionary(resources.clusters.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return resources.listeners.filter { $0.trafficDirection == .inbound && $0.bindToPort }.flatMap { listener in
      listener.clusterNames.sorted().compactMap { name in
        clusters[name].flatMap { Self.conflict(listener, $0) }
      }
    }
  }

  private static func conflict(_ listener: Listener, _ cluster: Cluster) -> ConfigError? {
    guard let own = Reactor.SocketAddress(listener.address), own.isIP, own.port != 0 else { return nil }
    let hosts = cluster.loadAssignment.endpoints.flatMap(\.lbEndpoints)
      .compactMap { Reactor.SocketAddress($0.endpoint.address) }
    guard let taken = hosts.first(where: { $0.isLoopback && $0.port == own.port && (own.isAny || $0 == own) }) else {
      return nil
    }
    return ConfigError(
      location: listener.origin, path: "listener '\(listener.name)'",
      problem:
        "it takes \(own), and cluster '\(cluster.name)' expects the app at \(taken): without a namespace both are on"
        + " the host",
      allowed: "change the port_value of one of them, and have the app listen there")
  }
}

extension Reactor.SocketAddress {
  fileprivate var isAny: Bool { ipBytes.allSatisfy { $0 == 0 } }
}
