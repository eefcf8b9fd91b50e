import HTTP
import Reactor

/// How long an exchange with the upstream may take, in nanoseconds; 0: without limit.
struct RouteTimeouts {
  var global: Int64 = 0
  var perTry: Int64 = 0
  var perTryIdle: Int64 = 0
  /// The upstream is told in `grpc-timeout` too how long it has.
  private(set) var tellsGrpc = false
  /// The global one for who is told; `grpc-timeout` can say more than nanoseconds hold.
  private var globalMilliseconds: Int64 = 0

  /// From the route and, for an internal request, from what its headers ask for, which are removed (Envoy's
  /// FilterUtility::finalTimeout).
  mutating func begin(_ route: RouteEntry, _ headers: HeaderMap, isInternal: Bool, isGrpc: Bool) {
    perTryIdle = route.retryPolicy.perTryIdleTimeoutNanoseconds
    // As Envoy: a route with a max_stream_duration has no other timeout.
    global = route.hasMaxStreamDuration ? 0 : route.timeoutNanoseconds
    tellsGrpc = isGrpc && !route.hasMaxStreamDuration && route.grpcTimeouts.hasGlobal
    globalMilliseconds = global / 1_000_000
    if tellsGrpc, let timeout = route.grpcTimeouts.global(headers) { setGlobal(milliseconds: timeout) }
    perTry = route.retryPolicy.perTryTimeoutNanoseconds
    if isInternal {
      if let value = Self.take(.xEnvoyUpstreamRequestTimeout, headers) { setGlobal(milliseconds: value) }
      if let value = Self.take(.xEnvoyUpstreamRequestPerTryTimeout, headers) {
        perTry = GrpcTimeout.nanoseconds(milliseconds: value)
      }
    }
    if global > 0, perTry >= global { perTry = 0 }
  }

  /// What the upstream is told in x-envoy-expected-rq-timeout-ms once `spent` nanoseconds have gone; nil: nothing.
  func expectedMilliseconds(spent: Int64) -> Int? {
    let expected = perTry > 0 ? perTry / 1_000_000 : globalMilliseconds
    if expected == 0 { return nil }
    return Int(global == 0 ? expected : min(expected, max(1, globalMilliseconds - spent / 1_000_000)))
  }

  private mutating func setGlobal(milliseconds: Int64) {
    globalMilliseconds = milliseconds
    global = GrpcTimeout.nanoseconds(milliseconds: milliseconds)
  }

  /// In milliseconds.
  private static func take(_ name: HeaderName, _ headers: HeaderMap) -> Int64? {
    guard let value = headers.value(of: name)?.decimal else { return nil }
    headers.remove(name)
    return Int64(value)
  }
}
