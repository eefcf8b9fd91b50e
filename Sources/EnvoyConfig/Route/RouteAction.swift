/// `envoy.config.core.v3.RoutingPriority`.
package enum RoutingPriority: Int, Sendable, CaseIterable {
  case `default` = 0
  case high = 1
}

/// `envoy.config.route.v3.RouteAction`.
package struct RouteAction: Sendable {
  package enum ClusterSpecifier: Sendable {
    case cluster(String)
    case clusterHeader(String)
    case weightedClusters(WeightedCluster)
  }

  package enum ClusterNotFoundResponseCode: Sendable {
    case serviceUnavailable
    case notFound
    case internalServerError

    package var status: UInt16 {
      switch self {
      case .serviceUnavailable: 503
      case .notFound: 404
      case .internalServerError: 500
      }
    }
  }

  package enum HostRewrite: Sendable {
    case literal(String)
    case auto
    case header(String)
    case pathRegex(RegexMatchAndSubstitute)
  }

  package var clusterSpecifier = ClusterSpecifier.cluster("")
  package var clusterNotFoundResponseCode = ClusterNotFoundResponseCode.serviceUnavailable
  /// Replaces what the route's path or prefix matched; nothing when empty.
  package var prefixRewrite = ""
  package var regexRewrite: RegexMatchAndSubstitute?
  package var hostRewrite: HostRewrite?
  package var appendXForwardedHost = false
  /// For the whole exchange with the upstream, retries included, once the request is complete; zero: none.
  package var timeout: Duration = .seconds(15)
  /// Overrides the connection manager's `stream_idle_timeout`; zero: none.
  package var idleTimeout: Duration?
  package var retryPolicy: RetryPolicy?
  package var priority = RoutingPriority.default
  package var maxStreamDuration: MaxStreamDuration?
  /// Deprecated. Bounds the `grpc-timeout` that takes the place of ``timeout``; zero: unbounded; absent: it takes no place.
  package var maxGrpcTimeout: Duration?
  /// Deprecated. Taken off the `grpc-timeout` so found, unless nothing would be left.
  package var grpcTimeoutOffset: Duration?
  package var upgradeConfigs: [UpgradeConfig] = []
  package var origin = SourceLocation.none

  package init() {}

  /// `RouteAction.MaxStreamDuration`.
  package struct MaxStreamDuration: Sendable {
    /// Overrides that of the connection manager; zero: none.
    package var maxStreamDuration: Duration?
    /// A request's `grpc-timeout`, at most this, takes the place of ``maxStreamDuration``; zero: unbounded; absent: it does not.
    package var grpcTimeoutHeaderMax: Duration?
    /// Taken off the `grpc-timeout` so found; at least zero is left.
    package var grpcTimeoutHeaderOffset: Duration?

    package init() {}
  }

  /// `RouteAction.UpgradeConfig`: says over the connection manager's word which upgrades a route takes.
  package struct UpgradeConfig: Sendable {
    /// As `websocket` or `CONNECT`, in any case.
    package var upgradeType = ""
    package var enabled = true
    /// CONNECT ends here, and its bytes go on alone; absent: it is sent on.
    package var connectConfig: ConnectConfig?

    package init() {}

    /// `RouteAction.UpgradeConfig.ConnectConfig`.
    package struct ConnectConfig: Sendable {
      package init() {}
    }
  }
}

/// `envoy.config.route.v3.WeightedCluster`.
package struct WeightedCluster: Sendable {
  package var clusters: [ClusterWeight] = []
  /// The header whose number, modulo the total weight, chooses instead of chance.
  package var headerName: String?
  package var runtimeKeyPrefix = ""
  /// The sum of the weights, at most `UInt32.max`, never 0 after loading.
  package var totalWeight: UInt64 { clusters.reduce(0) { $0 + UInt64($1.weight) } }
  package var origin = SourceLocation.none

  package init() {}

  /// `WeightedCluster.ClusterWeight`.
  package struct ClusterWeight: Sendable {
    package enum Specifier: Sendable {
      case name(String)
      case clusterHeader(String)
    }

    package var specifier = Specifier.name("")
    package var weight: UInt32 = 0
    package var headers = HeaderMutations()
    package var hostRewriteLiteral: String?
    /// By the name of the filter.
    package var typedPerFilterConfig: [String: FilterConfig] = [:]
    package var origin = SourceLocation.none

    package init() {}
  }
}

/// `envoy.config.route.v3.RetryPolicy`.
package struct RetryPolicy: Sendable {
  /// Conditions, separated by commas; unknown ones are ignored, as in Envoy.
  package var retryOn = ""
  package var numRetries: UInt32 = 1
  /// For one try; the route's own timeout bounds it. Absent or zero: none.
  package var perTryTimeout: Duration?
  package var perTryIdleTimeout: Duration?
  package var retriableStatusCodes: [UInt32] = []
  /// Absent: base 25 ms, max 250 ms.
  package var retryBackOff: RetryBackOff?
  package var rateLimitedRetryBackOff: RateLimitedRetryBackOff?
  package var retriableHeaders: [HeaderMatcher] = []
  package var retriableRequestHeaders: [HeaderMatcher] = []
  package var hostSelectionRetryMaxAttempts: Int64 = 1
  package var origin = SourceLocation.none

  package init() {}

  /// `RetryPolicy.RetryBackOff`.
  package struct RetryBackOff: Sendable {
    package var baseInterval: Duration = .milliseconds(25)
    /// Ten times the base when absent in the text.
    package var maxInterval: Duration = .milliseconds(250)

    package init() {}
  }

  /// `RetryPolicy.RateLimitedRetryBackOff`.
  package struct RateLimitedRetryBackOff: Sendable {
    package enum ResetHeaderFormat: Sendable {
      case seconds
      case unixTimestamp
    }

    package struct ResetHeader: Sendable {
      package var name = ""
      package var format = ResetHeaderFormat.seconds

      package init() {}
    }

    package var resetHeaders: [ResetHeader] = []
    package var maxInterval: Duration = .seconds(300)

    package init() {}
  }
}
