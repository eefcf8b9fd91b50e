import HTTP
import Reactor

/// How long an exchange with the upstream may take, in nanoseconds; 0: without limit.
struct RouteTimeouts {
  var global: Int64 = 0
  var perTry: Int64 = 0
  var perTryIdle: Int64 = 0

  /// From the route and, for an internal request, from what its headers ask for, which are removed (Envoy's
  /// FilterUtility::finalTimeout).
  mutating func begin(_ route: RouteEntry, _ headers: HeaderMap, isInternal: Bool) {
    // As Envoy: a route with a max_stream_duration has no other timeout.
    perTryIdle = route.retryPolicy.perTryIdleTimeoutNanoseconds
    global = route.hasMaxStreamDuration ? 0 : route.timeoutNanoseconds
    perTry = route.retryPolicy.perTryTimeoutNanoseconds
    if isInternal {
      if let value = Self.take(.xEnvoyUpstreamRequestTimeout, headers) { global = value }
      if let value = Self.take(.xEnvoyUpstreamRequestPerTryTimeout, headers) { perTry = value }
    }
    if global > 0, perTry >= global { perTry = 0 }
  }

  /// What the upstream is told in x-envoy-expected-rq-timeout-ms once `spent` nanoseconds have gone; nil: nothing.
  func expectedMilliseconds(spent: Int64) -> Int? {
    if global == 0 { return nil }
    let left = max(1_000_000, global - spent)
    return Int((perTry > 0 ? min(left, perTry) : left) / 1_000_000)
  }

  private static func take(_ name: HeaderName, _ headers: HeaderMap) -> Int64? {
    guard let value = headers.value(of: name)?.decimal else { return nil }
    headers.remove(name)
    let (nanoseconds, overflow) = Int64(value).multipliedReportingOverflow(by: 1_000_000)
    return overflow ? Int64.max : nanoseconds
  }
}
