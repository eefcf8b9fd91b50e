/// `envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy`.
package struct TcpProxy: Sendable {
  package enum ClusterSpecifier: Sendable {
    case cluster(String)
    case weightedClusters([ClusterWeight])
  }

  /// `TcpProxy.WeightedCluster.ClusterWeight`.
  package struct ClusterWeight: Sendable {
    package var name = ""
    package var weight: UInt32 = 1
    package var origin = SourceLocation.none

    package init() {}
  }

  package var statPrefix = ""
  package var clusterSpecifier = ClusterSpecifier.cluster("")
  /// No bytes either way for this long closes the connection; zero never does.
  package var idleTimeout: Duration = .seconds(3600)
  package var accessLog: [AccessLog] = []
  package var maxConnectAttempts: UInt32 = 1
  package var maxDownstreamConnectionDuration: Duration?
  package var origin = SourceLocation.none

  package init() {}
}
