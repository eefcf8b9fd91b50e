import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// A compiled route: what becomes of the requests that it matches. Immutable, shared by all workers; a worker that keeps its
/// ``RouteTable`` need not retain the entries.
package final class RouteEntry: Sendable {
  enum Action: Sendable, BitwiseCopyable {
    case cluster(ClusterSpecifier)
    case redirect(RedirectEntry, status: UInt16)
    case directResponse(status: UInt16, body: ConstantBytes)
    /// The virtual host's `require_tls`: the same address under https.
    case tlsRedirect
  }

  /// The route's name; empty without one.
  package let name: ConstantBytes
  package let virtualHostName: ConstantBytes
  /// Where the route was written.
  package let origin: SourceLocation

  // Of a route to a cluster.

  /// For the whole exchange with the upstream; 0: none.
  package let timeoutNanoseconds: Int64
  /// Stands in for the connection manager's `stream_idle_timeout`; 0: none; nil: not set.
  package let idleTimeoutNanoseconds: Int64?
  /// Whether the route has a `max_stream_duration`, even an empty one: then its timeout does not count.
  package let hasMaxStreamDuration: Bool
  /// Stands in for the connection manager's `max_stream_duration`; 0: none; nil: not set.
  package let maxStreamDurationNanoseconds: Int64?
  let grpcTimeouts: GrpcTimeoutRules
  package let retryPolicy: RetryPolicy
  package let priority: RoutingPriority
  /// The status of the answer when there is no such cluster.
  package let clusterNotFoundStatus: UInt16
  /// `upgrade_configs`, such as they are.
  package let upgradeConfigs: [EnvoyConfig.RouteAction.UpgradeConfig]
  /// `connect_config`: CONNECT requests end here, and only their bytes go on.
  let endsTunnels: Bool
  let hostRewrite: HostRewrite?
  let pathRewrite: PathRewrite?
  let appendForwardedHost: Bool

  // Of any route.

  package let includesAttemptCountInRequest: Bool
  package let includesAttemptCountInResponse: Bool
  package let includesIsTimeoutRetryHeader: Bool
  /// Bytes of a request body kept for another try; nil: as the connection manager's buffer limit.
  package let requestBufferLimit: Int?
  let action: Action
  let matcher: PathMatcher
  /// In the order of evaluation.
  let requestHeaders: ConstantList<HeaderParser>
  let responseHeaders: ConstantList<HeaderParser>
  /// `metadata.filter_metadata`, by namespace.
  let filterMetadata: [StructValue.Member]
  private let filterConfigs: RouteFilterConfigs?
  /// Beside the weighted clusters, where one of them has a word for a filter.
  private let weightedFilterConfigs: [RouteFilterConfigs]
  private let arena: RouteArena

  init(_ draft: RouteEntryDraft, arena: RouteArena) {
    name = draft.name
    virtualHostName = draft.virtualHostName
    origin = draft.origin
    let route = draft.route
    timeoutNanoseconds = max(0, route.timeout.nanoseconds)
    idleTimeoutNanoseconds = route.idleTimeout.map { max(0, $0.nanoseconds) }
    hasMaxStreamDuration = route.maxStreamDuration != nil
    maxStreamDurationNanoseconds = route.maxStreamDuration?.maxStreamDuration.map { max(0, $0.nanoseconds) }
    grpcTimeouts = GrpcTimeoutRules(route)
    retryPolicy = draft.retryPolicy
    priority = route.priority
    clusterNotFoundStatus = route.clusterNotFoundResponseCode.status
    upgradeConfigs = route.upgradeConfigs
    endsTunnels = route.upgradeConfigs.contains { $0.connectConfig != nil }
    hostRewrite = draft.hostRewrite
    pathRewrite = draft.pathRewrite
    appendForwardedHost = route.appendXForwardedHost
    includesAttemptCountInRequest = draft.virtualHost.includeRequestAttemptCount
    includesAttemptCountInResponse = draft.virtualHost.includeAttemptCountInResponse
    includesIsTimeoutRetryHeader = draft.virtualHost.includeIsTimeoutRetryHeader
    requestBufferLimit = draft.requestBufferLimit
    action = draft.action
    matcher = draft.matcher
    requestHeaders = draft.requestHeaders
    responseHeaders = draft.responseHeaders
    filterMetadata = draft.filterMetadata
    filterConfigs = draft.filterConfigs
    weightedFilterConfigs = draft.weightedFilterConfigs
    self.arena = arena
  }

  // MARK: Clusters

  /// The cluster for a request.
  ///
  /// - Parameters:
  ///   - randomValue: the request's own; decides between weighted clusters.
  ///   - lookUp: the number of the cluster of a name, for `cluster_header`.
  package func chooseCluster(
    _ headers: HeaderMap, randomValue: UInt64, lookUp: (ByteView) -> Int?
  ) -> ClusterChoice {
    guard case .cluster(let specifier) = action else { return ClusterChoice(cluster: nil, weighted: nil) }
    return specifier.choose(headers, randomValue: randomValue, lookUp: lookUp)
  }

  /// What the route, or the weighted cluster that the request will go to, says to the filters; nil where it says nothing.
  func filterConfigs(_ headers: HeaderMap, randomValue: UInt64) -> Unretained<RouteFilterConfigs>? {
    if weightedFilterConfigs.isEmpty { return filterConfigs.unretained }
    let choice = chooseCluster(headers, randomValue: randomValue) { _ in nil }
    return choice.weighted.map { Unretained(weightedFilterConfigs[$0]) } ?? filterConfigs.unretained
  }

  // MARK: Headers

  /// What the route does to the head of a request, in Envoy's order: the header mutations, then the host, then the path.
  ///
  /// - Parameters:
  ///   - suppressEnvoyHeaders: the router's: `x-envoy-original-host` and `-path` are not added.
  ///   - scratch: is left empty; `values` must not write to it.
  package func finalizeRequestHeaders(
    _ headers: HeaderMap, _ choice: ClusterChoice, _ values: some SubstitutionValues, suppressEnvoyHeaders: Bool,
    scratch: inout TextBuffer
  ) {
    if let weighted = weightedEntry(choice) {
      weighted.requestHeaders.evaluate(headers, values, scratch: &scratch)
      if let host = weighted.hostRewriteLiteral { headers.set(.authority, host.view) }
    }
    for index in 0..<requestHeaders.count { requestHeaders[index].evaluate(headers, values, scratch: &scratch) }
    if let hostRewrite {
      hostRewrite.apply(
        headers, appendForwardedHost: appendForwardedHost, keepOriginal: !suppressEnvoyHeaders, scratch: &scratch)
    }
    if let pathRewrite {
      pathRewrite.apply(headers, matcher, keepOriginal: !suppressEnvoyHeaders, scratch: &scratch)
    }
  }

  /// Whether the host is to become the upstream host's name (`auto_host_rewrite`), by ``rewriteHost(_:to:suppressEnvoyHeaders:)``.
  package var hasAutoHostRewrite: Bool {
    if case .auto = hostRewrite { true } else { false }
  }

  /// Sets the host to the name of the upstream host that was chosen. `host` must not be a view of `headers`.
  package func rewriteHost(_ headers: HeaderMap, to host: ByteView, suppressEnvoyHeaders: Bool) {
    Proxy.rewriteHost(
      headers, host, appendForwardedHost: appendForwardedHost, keepOriginal: !suppressEnvoyHeaders)
  }

  /// The header mutations for a response, also for a redirect or a direct response.
  package func finalizeResponseHeaders(
    _ headers: HeaderMap, _ choice: ClusterChoice?, _ values: some SubstitutionValues, scratch: inout TextBuffer
  ) {
    if let choice, let weighted = weightedEntry(choice) {
      weighted.responseHeaders.evaluate(headers, values, scratch: &scratch)
    }
    for index in 0..<responseHeaders.count { responseHeaders[index].evaluate(headers, values, scratch: &scratch) }
  }

  private func weightedEntry(_ choice: ClusterChoice) -> WeightedClusterEntry? {
    guard let index = choice.weighted, case .cluster(.weighted(let entries, _, _)) = action else { return nil }
    return entries[index]
  }

  // MARK: Direct responses

  /// The status of a redirect or a direct response; nil for a route to a cluster.
  package var directResponseStatus: UInt16? {
    switch action {
    case .cluster: nil
    case .redirect(_, let status), .directResponse(let status, _): status
    case .tlsRedirect: 301
    }
  }

  /// The body of a direct response. Valid as long as the route.
  package var directResponseBody: ByteView {
    if case .directResponse(_, let body) = action { body.view } else { .empty }
  }

  /// Rewrites the path of the request, where the redirect rewrites, and appends the `location` of the answer to `output`.
  /// Returns whether there is one: direct responses have it, as in Envoy, with a status of 201 or 3xx.
  ///
  /// - Parameter scratch: is left empty; another one than `output`.
  package func appendLocation(
    _ headers: HeaderMap, suppressEnvoyHeaders: Bool, to output: inout TextBuffer, scratch: inout TextBuffer
  ) -> Bool {
    switch action {
    case .cluster: return false
    case .redirect(let redirect, _):
      if let rewrite = redirect.rewrite {
        rewrite.apply(headers, matcher, keepOriginal: !suppressEnvoyHeaders, scratch: &scratch)
      }
      redirect.appendLocation(headers, to: &output)
    case .directResponse(let status, _):
      guard status == 201 || status >= 300 && status <= 399 else { return false }
      RedirectEntry().appendLocation(headers, to: &output)
    case .tlsRedirect:
      output.append("https://")
      output.append(headers.value(of: .authority) ?? .empty)
      output.append(headers.value(of: .path) ?? .empty)
    }
    return true
  }
}
