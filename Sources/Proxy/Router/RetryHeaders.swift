import HTTP

/// The request headers by which an internal caller asks for retries: read by the router, and for it alone.
enum RetryHeaders {
  private static let names: [HeaderName] = [
    .xEnvoyRetryOn, .xEnvoyRetryGrpcOn, .xEnvoyMaxRetries, .xEnvoyRetriableStatusCodes, .xEnvoyRetriableHeaderNames,
    .xEnvoyHedgeOnPerTryTimeout, .xEnvoyUpstreamRequestTimeoutAltResponse,
  ]

  static func remove(from headers: HeaderMap) {
    for name in names where headers.has(name) { headers.remove(name) }
  }
}
