import Reactor

/// What is worth another try: the words of `retry_on`, `x-envoy-retry-on` and `x-envoy-retry-grpc-on`.
package struct RetryOn: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let serverError = RetryOn(rawValue: 1 << 0)
  package static let gatewayError = RetryOn(rawValue: 1 << 1)
  package static let connectFailure = RetryOn(rawValue: 1 << 2)
  package static let retriable4xx = RetryOn(rawValue: 1 << 3)
  package static let refusedStream = RetryOn(rawValue: 1 << 4)
  package static let retriableStatusCodes = RetryOn(rawValue: 1 << 5)
  package static let reset = RetryOn(rawValue: 1 << 6)
  package static let retriableHeaders = RetryOn(rawValue: 1 << 7)
  package static let envoyRateLimited = RetryOn(rawValue: 1 << 8)
  package static let resetBeforeRequest = RetryOn(rawValue: 1 << 9)
  package static let grpcCancelled = RetryOn(rawValue: 1 << 10)
  package static let grpcDeadlineExceeded = RetryOn(rawValue: 1 << 11)
  package static let grpcInternal = RetryOn(rawValue: 1 << 12)
  package static let grpcResourceExhausted = RetryOn(rawValue: 1 << 13)
  package static let grpcUnavailable = RetryOn(rawValue: 1 << 14)

  /// What may ask for another try after any response, a good one too.
  static let anyStatus: RetryOn = [.retriableStatusCodes, .retriableHeaders, .envoyRateLimited, .grpc]

  static let grpc: RetryOn = [
    .grpcCancelled, .grpcDeadlineExceeded, .grpcInternal, .grpcResourceExhausted, .grpcUnavailable,
  ]

  /// Reads words separated by commas. As in Envoy an unknown one is ignored, and so is `http3-post-connect-failure`,
  /// since there is no HTTP/3 here.
  package init(parsing list: ByteView) {
    self = []
    var rest = list
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.count
      formUnion(RetryOn(word: rest.prefix(end).trimmed))
      rest = rest.dropFirst(end + 1)
    }
  }

  private init(word: ByteView) {
    switch true {
    case word == "5xx": self = .serverError
    case word == "gateway-error": self = .gatewayError
    case word == "connect-failure": self = .connectFailure
    case word == "retriable-4xx": self = .retriable4xx
    case word == "refused-stream": self = .refusedStream
    case word == "retriable-status-codes": self = .retriableStatusCodes
    case word == "reset": self = .reset
    case word == "retriable-headers": self = .retriableHeaders
    case word == "envoy-ratelimited": self = .envoyRateLimited
    case word == "reset-before-request": self = .resetBeforeRequest
    case word == "cancelled": self = .grpcCancelled
    case word == "deadline-exceeded": self = .grpcDeadlineExceeded
    case word == "internal": self = .grpcInternal
    case word == "resource-exhausted": self = .grpcResourceExhausted
    case word == "unavailable": self = .grpcUnavailable
    default: self = []
    }
  }
}
