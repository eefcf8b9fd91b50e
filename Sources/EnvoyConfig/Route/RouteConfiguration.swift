/// `envoy.config.route.v3.RouteConfiguration`.
package struct RouteConfiguration: Sendable {
  package var name = ""
  package var virtualHosts: [VirtualHost] = []
  /// Headers that only internal requests may carry; lower-cased.
  package var internalOnlyHeaders: [String] = []
  package var headers = HeaderMutations()
  /// By the name of the filter.
  package var typedPerFilterConfig: [String: FilterConfig] = [:]
  package var mostSpecificHeaderMutationsWins = false
  package var validateClusters = true
  package var maxDirectResponseBodySizeBytes: UInt32 = 4096
  package var ignorePortInHostMatching = false
  package var ignorePathParametersInPathMatching = false
  package var metadata: DocumentNode?
  package var origin = SourceLocation.none
  package var node: DocumentNode?

  package init() {}
}

/// The four header lists that a route configuration, a virtual host, a route and a weighted cluster each have.
package struct HeaderMutations: Sendable {
  package var requestHeadersToAdd: [HeaderValueOption] = []
  package var requestHeadersToRemove: [String] = []
  package var responseHeadersToAdd: [HeaderValueOption] = []
  package var responseHeadersToRemove: [String] = []

  package init() {}

  package var isEmpty: Bool {
    requestHeadersToAdd.isEmpty && requestHeadersToRemove.isEmpty && responseHeadersToAdd.isEmpty
      && responseHeadersToRemove.isEmpty
  }
}

/// `envoy.config.route.v3.VirtualHost`.
package struct VirtualHost: Sendable {
  package enum TlsRequirementType: Sendable {
    case none
    case externalOnly
    case all
  }

  package var name = ""
  package var domains: [String] = []
  package var routes: [Route] = []
  package var requireTls = TlsRequirementType.none
  package var headers = HeaderMutations()
  /// By the name of the filter.
  package var typedPerFilterConfig: [String: FilterConfig] = [:]
  package var includeRequestAttemptCount = false
  package var includeAttemptCountInResponse = false
  package var includeIsTimeoutRetryHeader = false
  package var retryPolicy: RetryPolicy?
  package var perRequestBufferLimitBytes: UInt32?
  package var requestBodyBufferLimit: UInt64?
  package var metadata: DocumentNode?
  package var origin = SourceLocation.none

  package init() {}
}
