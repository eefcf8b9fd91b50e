import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// A compiled `envoy.config.route.v3.RetryPolicy`: immutable, shared by all workers.
package final class RetryPolicy: Sendable {
  /// Without a `retry_policy`: nothing is retried, unless headers of an internal request ask for it.
  package static let none = RetryPolicy(nil, arena: RouteArena())

  package let retryOn: RetryOn
  package let numRetries: UInt32
  /// 0: none.
  package let perTryTimeoutNanoseconds: Int64
  /// 0: none.
  package let perTryIdleTimeoutNanoseconds: Int64
  package let hostSelectionRetryMaxAttempts: Int
  /// Where the policy was written.
  package let origin: SourceLocation
  private let retriableStatusCodes: ConstantList<UInt32>
  private let retriableHeaders: ConstantList<HeaderMatcher>
  private let retriableRequestHeaders: ConstantList<HeaderMatcher>
  private let resetHeaders: ConstantList<ResetHeader>
  private let maxResetMilliseconds: Int
  private let baseMilliseconds: Int
  private let maxMilliseconds: Int
  private let arena: RouteArena

  private struct ResetHeader: BitwiseCopyable {
    var field: HeaderField
    var isUnixTimestamp: Bool
  }

  package convenience init(_ config: EnvoyConfig.RetryPolicy, arena: RouteArena) {
    self.init(config as EnvoyConfig.RetryPolicy?, arena: arena)
  }

  private init(_ config: EnvoyConfig.RetryPolicy?, arena: RouteArena) {
    retryOn = withBytes(config?.retryOn ?? "") { RetryOn(parsing: $0) }
    numRetries = config?.numRetries ?? 1
    perTryTimeoutNanoseconds = config?.perTryTimeout?.nanoseconds ?? 0
    perTryIdleTimeoutNanoseconds = config?.perTryIdleTimeout?.nanoseconds ?? 0
    hostSelectionRetryMaxAttempts = Int(config?.hostSelectionRetryMaxAttempts ?? 1)
    retriableStatusCodes = arena.list(config?.retriableStatusCodes ?? [])
    retriableHeaders = arena.list((config?.retriableHeaders ?? []).map { HeaderMatcher($0, arena: arena) })
    retriableRequestHeaders = arena.list(
      (config?.retriableRequestHeaders ?? []).map { HeaderMatcher($0, arena: arena) })
    let rateLimited = config?.rateLimitedRetryBackOff
    resetHeaders = arena.list(
      (rateLimited?.resetHeaders ?? []).map {
        ResetHeader(field: HeaderField($0.name, arena: arena), isUnixTimestamp: $0.format == .unixTimestamp)
      })
    maxResetMilliseconds = Int((rateLimited?.maxInterval ?? .seconds(300)).nanoseconds / 1_000_000)
    let backOff = config?.retryBackOff ?? EnvoyConfig.RetryPolicy.RetryBackOff()
    baseMilliseconds = Int(backOff.baseInterval.nanoseconds / 1_000_000)
    maxMilliseconds = Int(backOff.maxInterval.nanoseconds / 1_000_000)
    origin = config?.origin ?? .none
    self.arena = arena
  }

  package var backOff: RetryBackOff {
    RetryBackOff(baseMilliseconds: baseMilliseconds, maxMilliseconds: maxMilliseconds)
  }

  func isRetriable(status: Int) -> Bool {
    for index in 0..<retriableStatusCodes.count where Int(retriableStatusCodes[index]) == status { return true }
    return false
  }

  func isRetriable(responseHeaders: HeaderMap) -> Bool {
    for index in 0..<retriableHeaders.count
    where retriableHeaders[index].matches(responseHeaders) { return true }
    return false
  }

  /// Whether `retriable_request_headers` lets this request be retried at all: there are none, or one matches.
  func allows(requestHeaders: HeaderMap) -> Bool {
    if retriableRequestHeaders.isEmpty { return true }
    for index in 0..<retriableRequestHeaders.count
    where retriableRequestHeaders[index].matches(requestHeaders) { return true }
    return false
  }

  /// The wait that a `rate_limited_retry_back_off` header of the response asks for; nil when none does, or for longer than
  /// the `max_interval`.
  func resetMilliseconds(_ headers: HeaderMap, wallNanoseconds: Int64) -> Int? {
    for index in 0..<resetHeaders.count {
      let header = resetHeaders[index]
      guard let value = header.field.value(in: headers), var seconds = signedDecimal(value), seconds >= 0 else {
        continue
      }
      if header.isUnixTimestamp {
        seconds -= wallNanoseconds / 1_000_000_000
        if seconds <= 0 { continue }
      }
      if seconds <= maxResetMilliseconds / 1000 { return Int(seconds) * 1000 }
    }
    return nil
  }
}
