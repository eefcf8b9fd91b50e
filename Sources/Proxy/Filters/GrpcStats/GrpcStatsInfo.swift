import EnvoyConfig
import Reactor

/// A `grpc_stats` filter of the configuration, ready for use.
struct GrpcStatsInfo: Sendable {
  let recordsUpstreamTime: Bool
  let emitsFilterState: Bool
  private let countsAllMethods: Bool
  private let replacesDots: Bool
  /// Names of methods by their service.
  private let allowlist: [String: Set<String>]

  init(_ config: GrpcStatsConfig) {
    recordsUpstreamTime = config.enableUpstreamStats
    emitsFilterState = config.emitFilterState
    replacesDots = config.replaceDotsInGrpcServiceName
    switch config.perMethodStats {
    case .all(let isAll):
      countsAllMethods = isAll
      allowlist = [:]
    case .allowlist(let services):
      countsAllMethods = false
      var allowlist: [String: Set<String>] = [:]
      for service in services { allowlist[service.name, default: []].formUnion(service.methodNames) }
      self.allowlist = allowlist
    }
  }

  /// Where a call of the method counts.
  func counters(_ method: GrpcMethod, of cluster: WorkerCluster) -> GrpcMethodCounters {
    if countsAllMethods { return cluster.grpc.counters(method, replacesDots: replacesDots) }
    // As Envoy: the names of the list stay as they are.
    let isListed = !allowlist.isEmpty && allowlist[method.service.string]?.contains(method.name.string) ?? false
    return isListed ? cluster.grpc.counters(method) : cluster.grpc.all
  }
}
