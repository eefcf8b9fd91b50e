import EnvoyConfig
import Telemetry

/// A tcp_proxy of the configuration, ready for use: shared by all workers, never changed.
package final class TcpProxyInfo: Sendable {
  let config: TcpProxy
  let stats: StatBlock<TcpProxyStat>
  let accessLogs: [AccessLogInfo]
  let bufferLimit: Int
  /// Nanoseconds; 0: never.
  let idleTimeout: Int64
  /// Nanoseconds; 0: none.
  let maxConnectionDuration: Int64
  let maxConnectAttempts: Int
  /// Index of the cluster, nil where the file has none of that name; with the weight of each.
  private let choices: [(cluster: Int?, weight: UInt64)]
  private let totalWeight: UInt64

  init(
    _ config: TcpProxy, listener: ListenerInfo.Scope, accessLogs: [AccessLogInfo], store: StatsStore,
    clusterIndex: (String) -> Int?
  ) {
    self.config = config
    self.accessLogs = accessLogs
    bufferLimit = listener.bufferLimit
    idleTimeout = config.idleTimeout.nanoseconds
    maxConnectionDuration = config.maxDownstreamConnectionDuration?.nanoseconds ?? 0
    maxConnectAttempts = Int(config.maxConnectAttempts)
    stats = store.scope("tcp.\(config.statPrefix).").block(TcpProxyStat.self)
    switch config.clusterSpecifier {
    case .cluster(let name): choices = [(clusterIndex(name), 1)]
    case .weightedClusters(let clusters): choices = clusters.map { (clusterIndex($0.name), UInt64($0.weight)) }
    }
    totalWeight = choices.reduce(0) { $0 + $1.weight }
  }

  /// The cluster for a connection, by weight.
  func chooseCluster(random: UInt64) -> Int? {
    guard totalWeight > 0 else { return nil }
    var rest = random % totalWeight
    for choice in choices {
      if rest < choice.weight { return choice.cluster }
      rest -= choice.weight
    }
    return nil
  }
}
