/// `envoy.config.core.v3.HealthCheck`: how a cluster's hosts are asked whether they are well.
package struct HealthCheck: Sendable {
  package enum Checker: Sendable {
    case http(HttpHealthCheck)
    case tcp(TcpHealthCheck)
    case grpc(GrpcHealthCheck)
  }

  package var checker = Checker.tcp(TcpHealthCheck())
  package var timeout: Duration = .zero
  package var interval: Duration = .zero
  /// At random before the first check.
  package var initialJitter: Duration = .zero
  /// Added at random to each interval, beside ``intervalJitterPercent`` of it.
  package var intervalJitter: Duration = .zero
  package var intervalJitterPercent: UInt32 = 0
  /// How many failures in a row make a host unhealthy; of HTTP, a reply other than 503 does at once.
  package var unhealthyThreshold: UInt32 = 0
  /// How many successes in a row make it healthy again; the first check of all needs one only.
  package var healthyThreshold: UInt32 = 0
  package var reuseConnection = true
  /// The interval while the cluster has not carried any request; the default is Envoy's.
  package var noTrafficInterval: Duration = .seconds(60)
  /// The same for healthy hosts; absent: ``noTrafficInterval``.
  package var noTrafficHealthyInterval: Duration?
  /// Of hosts that are unhealthy; absent: ``interval``.
  package var unhealthyInterval: Duration?
  /// After the failure that starts a row of them; absent: ``unhealthyInterval``.
  package var unhealthyEdgeInterval: Duration?
  /// After the success that starts a row of them; absent: ``interval``.
  package var healthyEdgeInterval: Duration?
  /// Offered in place of the cluster's own when not empty.
  package var alpnProtocols: [String] = []
  package var origin = SourceLocation.none

  package init() {}
}

/// `HealthCheck.HttpHealthCheck`.
package struct HttpHealthCheck: Sendable {
  /// The cluster's name when empty.
  package var host = ""
  package var path = ""
  package var requestHeadersToAdd: [HeaderValueOption] = []
  package var requestHeadersToRemove: [String] = []
  /// Only 200 when empty.
  package var expectedStatuses: [Int64Range] = []
  /// Failures that count to the threshold, where any other reply makes the host unhealthy at once.
  package var retriableStatuses: [Int64Range] = []
  /// Whether the request goes by HTTP/2.
  package var isHTTP2 = false
  package var method = "GET"
  /// Of the request; empty: none.
  package var send: [UInt8] = []
  /// All of these must stand in the response's body, in this order.
  package var receive: [[UInt8]] = []
  /// How much of the body is looked at; 0: all of it.
  package var responseBufferSize: UInt64 = 1024
  /// Of `x-envoy-upstream-healthchecked-cluster`.
  package var serviceNameMatcher: StringMatcher?

  package init() {}
}

/// `HealthCheck.TcpHealthCheck`.
package struct TcpHealthCheck: Sendable {
  /// Empty: nothing is sent.
  package var send: [UInt8] = []
  /// All of these must come, in this order. Empty: connecting is enough.
  package var receive: [[UInt8]] = []

  package init() {}
}

/// `HealthCheck.GrpcHealthCheck`: by `grpc.health.v1.Health/Check`.
package struct GrpcHealthCheck: Sendable {
  /// Empty: the server as a whole.
  package var serviceName = ""
  /// The cluster's name when empty.
  package var authority = ""
  package var initialMetadata: [HeaderValueOption] = []

  package init() {}
}
