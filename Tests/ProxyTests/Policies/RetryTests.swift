import EnvoyConfig
import HTTP
import Reactor
import Telemetry
import Testing

@testable import Proxy

@Suite struct RetryOnTests {
  @Test func words() {
    func parse(_ text: String) -> RetryOn { withBytes(text) { RetryOn(parsing: $0) } }
    #expect(parse("") == [])
    #expect(parse("5xx") == .serverError)
    #expect(parse(" 5xx , reset,") == [.serverError, .reset])
    #expect(parse("5XX,nonsense,http3-post-connect-failure") == [])
    #expect(
      parse("gateway-error,connect-failure,refused-stream,retriable-4xx,retriable-status-codes,retriable-headers")
        == [
          .gatewayError, .connectFailure, .refusedStream, .retriable4xx, .retriableStatusCodes, .retriableHeaders,
        ])
    #expect(parse("envoy-ratelimited,reset-before-request") == [.envoyRateLimited, .resetBeforeRequest])
    #expect(parse("cancelled,deadline-exceeded,internal,resource-exhausted,unavailable") == .grpc)
  }
}

@Suite struct RetryBackOffTests {
  /// Bounds double from the base and stop at the maximum: 25, 50, 100, 200, 250, 250 ms.
  @Test func boundsDouble() {
    var greatest = [Int64](repeating: 0, count: 7)
    for seed in 0..<3000 {
      var random = RandomGenerator(seed: UInt64(seed))
      var backOff = RetryBackOff(baseMilliseconds: 25, maxMilliseconds: 250)
      for index in greatest.indices { greatest[index] = max(greatest[index], backOff.next(random: &random)) }
    }
    for (index, bound) in [25, 50, 100, 200, 250, 250, 250].enumerated() {
      #expect(greatest[index] < Int64(bound) * millisecond)
      #expect(greatest[index] >= Int64(bound * 9 / 10) * millisecond)
    }
  }

  @Test func extremes() {
    var random = RandomGenerator(seed: 1)
    var none = RetryBackOff(baseMilliseconds: 0, maxMilliseconds: 0)
    var huge = RetryBackOff(baseMilliseconds: .max, maxMilliseconds: .max)
    for _ in 0..<100 {
      #expect(none.next(random: &random) == 0)
      #expect(huge.next(random: &random) >= 0)
    }
  }
}

@Suite struct RetryStateTests {
  private var config = EnvoyConfig.RetryPolicy()
  private var thresholds = EnvoyConfig.CircuitBreakers.Thresholds()
  private var random = RandomGenerator(seed: 1)
  private let arena = RouteArena()

  init() { config.numRetries = 1 }

  private func isRetry(_ decision: RetryState.Decision) -> Bool {
    if case .retry = decision { return true }
    return false
  }

  private func begin(
    _ policy: Proxy.RetryPolicy, _ headers: HeaderMap = HeaderMap(), overrides: Bool = false
  ) -> RetryState {
    var state = RetryState()
    state.begin(policy, headers, overrides: overrides)
    return state
  }

  private mutating func response(
    _ state: inout RetryState, _ policy: Proxy.RetryPolicy, _ breaker: CircuitBreaker, _ headers: HeaderMap,
    wall: Int64 = 0
  ) -> RetryState.Decision {
    state.shouldRetry(onResponse: headers, policy, breaker, wallNanoseconds: wall, random: &random)
  }

  private mutating func response(_ retryOn: String, _ headers: HeaderMap) -> RetryState.Decision {
    config.retryOn = retryOn
    let policy = Proxy.RetryPolicy(config, arena: arena)
    var state = begin(policy)
    return response(&state, policy, CircuitBreaker(thresholds), headers)
  }

  @Test(arguments: [
    ("5xx", 500, true), ("5xx", 599, true), ("5xx", 499, false), ("5xx", 600, false),
    ("gateway-error", 502, true), ("gateway-error", 504, true), ("gateway-error", 500, false),
    ("gateway-error", 505, false), ("retriable-4xx", 409, true), ("retriable-4xx", 404, false),
    ("retriable-status-codes", 404, true), ("retriable-status-codes", 405, false), ("5xx", 404, false),
    ("reset", 503, false), ("connect-failure", 503, false), ("", 503, false), ("nonsense", 503, false),
  ])
  mutating func statuses(_ retryOn: String, _ status: Int, _ expected: Bool) {
    config.retriableStatusCodes = [404]
    #expect(isRetry(response(retryOn, [":status": "\(status)"])) == expected)
  }

  @Test mutating func rateLimitedRepliesAreLeftAloneUnlessAskedFor() {
    let headers: HeaderMap = [":status": "503", "x-envoy-ratelimited": "true"]
    #expect(response("5xx", headers) == .no(.notRetriable))
    #expect(isRetry(response("envoy-ratelimited", headers)))
    #expect(response("envoy-ratelimited", [":status": "429"]) == .no(.notRetriable))
  }

  @Test mutating func retriableHeaders() {
    var matcher = EnvoyConfig.HeaderMatcher()
    matcher.name = "X-Again"
    matcher.specifier = .string(.init(.prefix("ye")))
    config.retriableHeaders = [matcher]
    #expect(isRetry(response("retriable-headers", [":status": "200", "x-again": "yes"])))
    #expect(response("retriable-headers", [":status": "200", "x-again": "no"]) == .no(.notRetriable))
    #expect(response("5xx", [":status": "200", "x-again": "yes"]) == .no(.notRetriable))
  }

  @Test mutating func grpcStatuses() {
    for (word, status) in [
      ("cancelled", 1), ("deadline-exceeded", 4), ("resource-exhausted", 8), ("internal", 13), ("unavailable", 14),
    ] {
      #expect(isRetry(response(word, [":status": "200", "grpc-status": "\(status)"])))
      #expect(response(word, [":status": "200", "grpc-status": "\(status + 1)"]) == .no(.notRetriable))
      #expect(response(word, [":status": "200"]) == .no(.notRetriable))
    }
  }

  private static let allResets: [StreamReset] = [
    .localReset, .remoteConnectionFailure, .connectionTimeout, .localConnectionFailure, .connectionTermination,
    .overflow, .protocolError, .remoteReset, .remoteRefusedStreamReset,
  ]

  @Test mutating func resets() {
    let connect: Set<String> = ["remote connection failure", "connection timeout", "local connection failure"]
    for reset in Self.allResets {
      for started in [false, true] {
        let name = reset.text.description
        let expected: [(String, Bool)] = [
          ("5xx", reset != .overflow), ("gateway-error", reset != .overflow), ("reset", reset != .overflow),
          ("connect-failure", connect.contains(name)), ("refused-stream", reset == .remoteRefusedStreamReset),
          ("reset-before-request", reset != .overflow && !started), ("retriable-4xx", false),
          ("retriable-status-codes", false), ("", false),
        ]
        for (word, retried) in expected {
          config.retryOn = word
          var state = begin(Proxy.RetryPolicy(config, arena: arena))
          let decision = state.shouldRetry(
            onReset: reset, requestStarted: started, CircuitBreaker(thresholds), random: &random)
          #expect(isRetry(decision) == retried, "\(word) \(name) \(started)")
        }
      }
    }
  }

  @Test mutating func perTryTimeouts() {
    for (word, retried) in [("5xx", true), ("gateway-error", true), ("reset", true), ("connect-failure", false)] {
      config.retryOn = word
      var state = begin(Proxy.RetryPolicy(config, arena: arena))
      let decision = state.shouldRetry(onPerTryTimeout: CircuitBreaker(thresholds), random: &random)
      #expect(isRetry(decision) == retried, "\(word)")
    }
  }

  @Test mutating func retriesRunOut() {
    config.retryOn = "5xx"
    config.numRetries = 2
    let policy = Proxy.RetryPolicy(config, arena: arena)
    let breaker = CircuitBreaker(thresholds)
    var state = begin(policy)
    let failure: HeaderMap = [":status": "500"]
    #expect(isRetry(response(&state, policy, breaker, failure)))
    #expect(breaker.activeRetries == 1)
    #expect(isRetry(response(&state, policy, breaker, failure)))
    #expect(breaker.activeRetries == 1)
    #expect(response(&state, policy, breaker, failure) == .no(.limitExceeded))
    #expect(breaker.activeRetries == 0)
  }

  @Test mutating func zeroRetriesAreALimitToo() {
    config.numRetries = 0
    #expect(response("5xx", [":status": "500"]) == .no(.limitExceeded))
    #expect(response("5xx", [":status": "200"]) == .no(.notRetriable))
  }

  @Test mutating func successAfterARetryIsTold() {
    config.retryOn = "5xx"
    let policy = Proxy.RetryPolicy(config, arena: arena)
    let breaker = CircuitBreaker(thresholds)
    var state = begin(policy)
    #expect(isRetry(response(&state, policy, breaker, [":status": "500"])))
    #expect(response(&state, policy, breaker, [":status": "200"]) == .no(.retrySucceeded))
    #expect(response(&state, policy, breaker, [":status": "200"]) == .no(.notRetriable))
  }

  /// The breaker comes after the limit, and an overflow uses a retry up.
  @Test mutating func overflow() {
    thresholds.maxRetries = 0
    config.retryOn = "5xx"
    config.numRetries = 1
    let policy = Proxy.RetryPolicy(config, arena: arena)
    let breaker = CircuitBreaker(thresholds)
    var state = begin(policy)
    #expect(response(&state, policy, breaker, [":status": "500"]) == .no(.overflow))
    #expect(response(&state, policy, breaker, [":status": "500"]) == .no(.limitExceeded))
    #expect(breaker.activeRetries == 0)
  }

  @Test mutating func theEndGivesThePlaceBack() {
    config.retryOn = "5xx"
    let policy = Proxy.RetryPolicy(config, arena: arena)
    let breaker = CircuitBreaker(thresholds)
    var state = begin(policy)
    #expect(isRetry(response(&state, policy, breaker, [":status": "500"])))
    state.end(breaker)
    state.end(breaker)
    #expect(breaker.activeRetries == 0)
  }

  @Test mutating func headersOfInternalRequestsOverride() {
    let headers: HeaderMap = [
      "x-envoy-retry-on": "retriable-status-codes,retriable-headers", "x-envoy-max-retries": "7",
      "x-envoy-retriable-status-codes": "418, x,451", "x-envoy-retriable-header-names": "X-A , x-b",
    ]
    let policy = Proxy.RetryPolicy.none
    let breaker = CircuitBreaker(thresholds)
    #expect(!begin(policy, headers).isEnabled)
    var state = begin(policy, headers, overrides: true)
    #expect(state.isEnabled && state.retriesRemaining == 7)
    #expect(isRetry(response(&state, policy, breaker, [":status": "451"])))
    #expect(isRetry(response(&state, policy, breaker, [":status": "200", "x-b": ""])))
    #expect(response(&state, policy, breaker, [":status": "452"]) == .no(.retrySucceeded))
    let next = begin(policy, ["x-envoy-retry-grpc-on": "internal"], overrides: true)
    #expect(next.retryOn == .grpcInternal && next.retriesRemaining == 1)
  }

  @Test mutating func retriableRequestHeadersMustMatch() {
    var matcher = EnvoyConfig.HeaderMatcher()
    matcher.name = ":method"
    matcher.specifier = .string(.init(.exact("GET")))
    config.retriableRequestHeaders = [matcher]
    config.retryOn = "5xx"
    let policy = Proxy.RetryPolicy(config, arena: arena)
    #expect(begin(policy, [":method": "GET"]).isEnabled)
    #expect(!begin(policy, [":method": "POST"]).isEnabled)
  }

  @Test mutating func rateLimitedBackOff() {
    var rateLimited = EnvoyConfig.RetryPolicy.RateLimitedRetryBackOff()
    var seconds = EnvoyConfig.RetryPolicy.RateLimitedRetryBackOff.ResetHeader()
    seconds.name = "Retry-After"
    var timestamp = EnvoyConfig.RetryPolicy.RateLimitedRetryBackOff.ResetHeader()
    timestamp.name = "x-reset"
    timestamp.format = .unixTimestamp
    rateLimited.resetHeaders = [seconds, timestamp]
    rateLimited.maxInterval = .seconds(10)
    config.rateLimitedRetryBackOff = rateLimited
    config.retryOn = "5xx"
    config.numRetries = 1000
    let policy = Proxy.RetryPolicy(config, arena: arena)
    let breaker = CircuitBreaker(thresholds)
    var state = begin(policy)
    let cases: [(HeaderMap, ClosedRange<Int64>, RetryState.BackOff)] = [
      ([":status": "503", "retry-after": "2"], 2 * second...3 * second - 1, .rateLimited),
      ([":status": "503", "retry-after": "11"], 0...second / 4, .exponential),
      ([":status": "503", "retry-after": "soon"], 0...second / 4, .exponential),
      ([":status": "503", "retry-after": "0"], 0...second / 4, .exponential),
      ([":status": "503", "x-reset": "1004"], 4 * second...6 * second - 1, .rateLimited),
      ([":status": "503", "x-reset": "999"], 0...second / 4, .exponential),
    ]
    for (headers, range, backOff) in cases {
      for _ in 0..<100 {
        guard
          case .retry(let wait, let used) = response(&state, policy, breaker, headers, wall: 1000 * second)
        else {
          Issue.record("no retry")
          return
        }
        #expect(range.contains(wait) && used == backOff)
      }
    }
  }
}
