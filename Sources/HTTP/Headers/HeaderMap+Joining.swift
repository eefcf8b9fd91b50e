import Reactor

extension HeaderMap {
  /// Joins the repeated fields of `names` into the first of each, with commas (RFC 9110 §5.3).
  func joinRepeated(of names: HeaderNameSet) {
    guard hasRepeated else { return }
    var index = 0
    while index < endIndex {
      let name = name(at: index)
      if isLive(at: index), names.contains(name), firstIndex(of: name) == index {
        while let next = nextIndex(of: name, from: index + 1) {
          append(name, value(at: next))
          remove(at: next)
        }
      }
      index += 1
    }
  }

  /// Whether more than one field has the name.
  func isRepeated(_ name: HeaderName) -> Bool {
    guard let first = firstIndex(of: name) else { return false }
    return nextIndex(of: name, from: first + 1) != nil
  }
}

extension HeaderNameSet {
  /// Envoy keeps one field of these names and joins what else comes: seen on 1.40.0, per kind of message.
  static let joinedInRequests = HeaderNameSet(
    .accept, .acceptEncoding, .authorization, .cacheControl, .connection, .contentEncoding, .contentType, .expect,
    .grpcTimeout, .keepAlive, .origin, .proxyConnection, .referer, .te, .upgrade, .userAgent, .via, .xClientTraceID,
    .xEnvoyAttemptCount, .xEnvoyDecoratorOperation, .xEnvoyDownstreamServiceCluster, .xEnvoyDownstreamServiceNode,
    .xEnvoyExternalAddress, .xEnvoyForceTrace, .xEnvoyHedgeOnPerTryTimeout, .xEnvoyInternal, .xEnvoyIPTags,
    .xEnvoyMaxRetries, .xEnvoyOriginalPath, .xEnvoyRetriableHeaderNames, .xEnvoyRetriableStatusCodes,
    .xEnvoyRetryGrpcOn, .xEnvoyRetryOn, .xEnvoyUpstreamAltStatName, .xEnvoyUpstreamRequestPerTryTimeout,
    .xEnvoyUpstreamRequestTimeout, .xEnvoyUpstreamRequestTimeoutAltResponse, .xForwardedClientCert, .xForwardedFor,
    .xForwardedHost, .xForwardedPort, .xForwardedProto, .xRequestID)

  static let joinedInResponses = HeaderNameSet(
    .age, .cacheControl, .connection, .contentEncoding, .contentType, .date, .etag, .grpcMessage, .grpcStatus,
    .keepAlive, .location, .proxyConnection, .server, .upgrade, .vary, .via, .xEnvoyAttemptCount,
    .xEnvoyDecoratorOperation, .xEnvoyImmediateHealthCheckFail, .xEnvoyRateLimited, .xEnvoyUpstreamServiceTime,
    .xRequestID)

  static let joinedInTrailers = HeaderNameSet(.grpcMessage, .grpcStatus)
}
