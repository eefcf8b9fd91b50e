/// `envoy.config.endpoint.v3.ClusterLoadAssignment`: a cluster's hosts.
package struct ClusterLoadAssignment: Sendable {
  package var clusterName = ""
  package var endpoints: [LocalityLbEndpoints] = []
  /// In percent: how many more hosts than needed a priority is taken to have.
  package var overprovisioningFactor: UInt32 = 140

  package init() {}
}

/// `envoy.config.endpoint.v3.LocalityLbEndpoints`.
package struct LocalityLbEndpoints: Sendable {
  package var locality = Locality()
  package var lbEndpoints: [LbEndpoint] = []
  /// 0 is the first choice; at most 128.
  package var priority: UInt32 = 0
  /// Looked at for the endpoints whose own matches none of `Cluster.transportSocketMatches`.
  package var transportSocketMatch: [StructValue.Member] = []
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.endpoint.v3.LbEndpoint`.
package struct LbEndpoint: Sendable {
  package enum HealthStatus: Sendable {
    case unknown
    case healthy
    case unhealthy
    case draining
    case timeout
    case degraded
  }

  package var endpoint = Endpoint()
  package var healthStatus = HealthStatus.unknown
  package var metadata: DocumentNode?
  /// The metadata under `envoy.transport_socket_match`.
  package var transportSocketMatch: [StructValue.Member] = []
  package var loadBalancingWeight: UInt32 = 1
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.endpoint.v3.Endpoint`.
package struct Endpoint: Sendable {
  package var address = Address.socketAddress(SocketAddress())
  /// For `auto_host_rewrite`, and what the admin interface shows.
  package var hostname = ""
  package var healthCheckConfig = HealthCheckConfig()

  package init() {}

  /// `Endpoint.HealthCheckConfig`.
  package struct HealthCheckConfig: Sendable {
    /// The endpoint's own port when 0.
    package var portValue: UInt32 = 0
    /// In place of the health check's host when not empty.
    package var hostname = ""
    /// In place of the endpoint's own; its port counts, unless ``portValue`` says another.
    package var address: Address?
    package var disableActiveHealthCheck = false

    package init() {}
  }
}
