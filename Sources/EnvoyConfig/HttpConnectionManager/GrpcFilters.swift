/// `envoy.extensions.filters.http.grpc_stats.v3.FilterConfig`.
package struct GrpcStatsConfig: Sendable {
  /// Which methods have counters of their own; what others do is counted for the cluster alone.
  package enum PerMethodStats: Sendable {
    case all(Bool)
    case allowlist([GrpcMethodList.Service])
  }

  package var perMethodStats = PerMethodStats.all(false)
  /// Whether the numbers of messages are kept for the access log.
  package var emitFilterState = false
  /// Whether the time to the upstream's answer is measured too.
  package var enableUpstreamStats = false
  /// Whether a service's name has `_` for `.` in the counters' names.
  package var replaceDotsInGrpcServiceName = false
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.core.v3.GrpcMethodList`.
package enum GrpcMethodList {
  /// `GrpcMethodList.Service`.
  package struct Service: Sendable {
    /// With its package, as it stands in a request's path.
    package var name = ""
    package var methodNames: [String] = []

    package init() {}
  }
}

/// `envoy.extensions.filters.http.grpc_web.v3.GrpcWeb`, which has no fields.
package struct GrpcWeb: Sendable {
  package var origin = SourceLocation.none

  package init() {}
}
