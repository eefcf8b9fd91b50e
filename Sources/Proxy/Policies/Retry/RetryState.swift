import HTTP
import Reactor
import Telemetry

/// What a request may still try again: reused from request to request, no I/O.
///
///     begin ──► try ──► shouldRetry ──► .retry(after:) ──► try …
///                          └──► .no(reason)
///     end, in any state: gives back the place in the retry budget
///
/// A retry holds its place from the decision until the next decision or the end, as in Envoy.
package struct RetryState: Sendable {
  package enum Decision: Equatable, Sendable {
    /// Try again (`upstream_rq_retry`, and the counter of the back-off).
    case retry(afterNanoseconds: Int64, BackOff)
    case no(Reason)
  }

  package enum BackOff: Sendable {
    /// `upstream_rq_retry_backoff_exponential`.
    case exponential
    /// `upstream_rq_retry_backoff_ratelimited`.
    case rateLimited
  }

  package enum Reason: Sendable {
    /// The policy does not cover what happened, or there is none.
    case notRetriable
    /// The same, after a retry: it has succeeded (`upstream_rq_retry_success`).
    case retrySucceeded
    /// No retry left (`upstream_rq_retry_limit_exceeded`, flag URX).
    case limitExceeded
    /// The circuit breaker for retries is full (`upstream_rq_retry_overflow`, flag UO).
    case overflow
  }

  package private(set) var retryOn: RetryOn = []
  package private(set) var retriesRemaining: UInt64 = 0
  private var backOff = RetryBackOff(baseMilliseconds: 25, maxMilliseconds: 250)
  private var holdsRetry = false
  /// From `x-envoy-retriable-status-codes`.
  private var retriableStatusCodes: [Int] = []
  /// From `x-envoy-retriable-header-names`, lower-case.
  private var retriableHeaderNames: [[UInt8]] = []

  package init() {}

  /// Whether anything could be retried: if not, the request's body need not be kept.
  package var isEnabled: Bool { !retryOn.isEmpty }

  /// Whether a response of this status goes on whatever else it says, with nothing to count: most do.
  package func letsPass(status: UInt16) -> Bool {
    if holdsRetry || status >= 400 { return false }
    return retryOn.isDisjoint(with: RetryOn.anyStatus)
  }

  /// Starts with a request. `overrides`: whether its `x-envoy-retry-on`, `x-envoy-max-retries` and the like count, which
  /// they do for internal requests.
  package mutating func begin(
    _ policy: RetryPolicy, _ headers: HeaderMap, overrides: Bool
  ) {
    retryOn = policy.retryOn
    retriesRemaining = UInt64(policy.numRetries)
    backOff = policy.backOff
    if !retriableStatusCodes.isEmpty { retriableStatusCodes.removeAll() }
    if !retriableHeaderNames.isEmpty { retriableHeaderNames.removeAll() }
    if overrides { readOverrides(headers) }
    if !policy.allows(requestHeaders: headers) { retryOn = [] }
  }

  /// The upstream's response headers have come, and nothing of them went on yet.
  package mutating func shouldRetry(
    onResponse headers: HeaderMap, _ policy: RetryPolicy, _ breaker: CircuitBreaker, wallNanoseconds: Int64,
    random: inout RandomGenerator
  ) -> Decision {
    let retriable = isRetriable(headers, policy)
    let wait = retriable ? policy.resetMilliseconds(headers, wallNanoseconds: wallNanoseconds) : nil
    return decide(retriable, breaker, wait, &random)
  }

  /// The try ended without response headers. `requestStarted`: whether a byte of the request may have been sent.
  package mutating func shouldRetry(
    onReset reset: StreamReset, requestStarted: Bool, _ breaker: CircuitBreaker, random: inout RandomGenerator
  ) -> Decision {
    decide(isRetriable(reset, requestStarted), breaker, nil, &random)
  }

  /// `per_try_timeout` has passed. Without hedging Envoy resets the try and looks at it as at any other reset.
  package mutating func shouldRetry(
    onPerTryTimeout breaker: CircuitBreaker, random: inout RandomGenerator
  ) -> Decision {
    shouldRetry(onReset: .localReset, requestStarted: true, breaker, random: &random)
  }

  /// The request is over, or will not be retried any more.
  package mutating func end(_ breaker: CircuitBreaker) {
    if holdsRetry { breaker.releaseRetry() }
    holdsRetry = false
    retryOn = []
  }

  private mutating func decide(
    _ retriable: Bool, _ breaker: CircuitBreaker, _ rateLimitedMilliseconds: Int?,
    _ random: inout RandomGenerator
  ) -> Decision {
    let wasRetry = holdsRetry
    if holdsRetry { breaker.releaseRetry() }
    holdsRetry = false
    if !retriable { return .no(wasRetry ? .retrySucceeded : .notRetriable) }
    if retriesRemaining == 0 { return .no(.limitExceeded) }
    retriesRemaining -= 1
    guard breaker.tryAcquireRetry() else { return .no(.overflow) }
    holdsRetry = true
    if let milliseconds = rateLimitedMilliseconds, milliseconds > 1 {
      return .retry(
        afterNanoseconds: RetryBackOff.rateLimited(milliseconds: milliseconds, random: &random), .rateLimited)
    }
    return .retry(afterNanoseconds: backOff.next(random: &random), .exponential)
  }

  private func isRetriable(_ headers: HeaderMap, _ policy: RetryPolicy) -> Bool {
    if retryOn.isEmpty { return false }
    // Who is told to come less often does not come again at once.
    if headers.has(.xEnvoyRateLimited) { return retryOn.contains(.envoyRateLimited) }
    let status = headers.value(of: .status)?.decimal ?? 0
    if retryOn.contains(.serverError), status >= 500, status <= 599 { return true }
    if retryOn.contains(.gatewayError), status >= 502, status <= 504 { return true }
    if retryOn.contains(.retriable4xx), status == 409 { return true }
    if retryOn.contains(.retriableStatusCodes) {
      if policy.isRetriable(status: status) || retriableStatusCodes.contains(status) { return true }
    }
    if retryOn.contains(.retriableHeaders) {
      if policy.isRetriable(responseHeaders: headers) || hasNamedHeader(headers) { return true }
    }
    return !retryOn.isDisjoint(with: .grpc) && isRetriable(grpcStatus: headers.value(of: .grpcStatus)?.decimal)
  }

  private func isRetriable(grpcStatus: Int?) -> Bool {
    switch grpcStatus {
    case 1: retryOn.contains(.grpcCancelled)
    case 4: retryOn.contains(.grpcDeadlineExceeded)
    case 8: retryOn.contains(.grpcResourceExhausted)
    case 13: retryOn.contains(.grpcInternal)
    case 14: retryOn.contains(.grpcUnavailable)
    default: false
    }
  }

  private func isRetriable(_ reset: StreamReset, _ requestStarted: Bool) -> Bool {
    if reset == .overflow { return false }
    if !retryOn.isDisjoint(with: [.reset, .serverError, .gatewayError]) { return true }
    if retryOn.contains(.resetBeforeRequest), !requestStarted { return true }
    if retryOn.contains(.refusedStream), reset == .remoteRefusedStreamReset { return true }
    guard retryOn.contains(.connectFailure) else { return false }
    switch reset {
    case .remoteConnectionFailure, .localConnectionFailure, .connectionTimeout: return true
    default: return false
    }
  }

  private func hasNamedHeader(_ headers: HeaderMap) -> Bool {
    retriableHeaderNames.contains { name in
      name.withUnsafeBytes { headers.value(named: ByteView($0)) != nil }
    }
  }

  private mutating func readOverrides(_ headers: HeaderMap) {
    if let words = headers.value(of: .xEnvoyRetryOn) { retryOn.formUnion(RetryOn(parsing: words)) }
    if let words = headers.value(of: .xEnvoyRetryGrpcOn) { retryOn.formUnion(RetryOn(parsing: words)) }
    if let value = headers.value(of: .xEnvoyMaxRetries), let number = signedDecimal(value), number >= 0 {
      retriesRemaining = UInt64(number)
    }
    if let codes = headers.value(of: .xEnvoyRetriableStatusCodes) {
      forEachElement(of: codes) { element in
        if let code = signedDecimal(element) { retriableStatusCodes.append(Int(code)) }
      }
    }
    if let names = headers.value(of: .xEnvoyRetriableHeaderNames) {
      forEachElement(of: names) { retriableHeaderNames.append($0.buffer.map(asciiLowercased)) }
    }
  }
}

/// The elements of a list separated by commas, without the space around them and without the empty ones.
private func forEachElement(of list: ByteView, _ body: (ByteView) -> Void) {
  var rest = list
  while !rest.isEmpty {
    let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.count
    let element = rest.prefix(end).trimmed
    if !element.isEmpty { body(element) }
    rest = rest.dropFirst(end + 1)
  }
}
