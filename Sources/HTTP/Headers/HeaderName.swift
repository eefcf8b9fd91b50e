import Reactor

/// A header name that Pillion has business with, as a small number: comparing two is comparing two bytes. Pseudo-header
/// fields (RFC 9113 §8.3) are names too, whatever the protocol. `other` is every name not listed; its text stands in the map.
public enum HeaderName: UInt8, CaseIterable, Sendable {
  case other
  case method, path, authority, scheme, status, `protocol`
  case accept, acceptEncoding, age, allow, authorization, cacheControl, connection, contentEncoding, contentLength
  case contentType, cookie, date, etag, expect, forwarded, grpcMessage, grpcStatus, grpcTimeout, host, http2Settings
  case keepAlive, location, origin, proxyAuthenticate, proxyAuthorization, proxyConnection, referer, retryAfter, server
  case setCookie, te, trailer, transferEncoding, upgrade, userAgent, vary, via, wwwAuthenticate
  case xClientTraceID, xEnvoyAttemptCount, xEnvoyDecoratorOperation, xEnvoyDownstreamServiceCluster
  case xEnvoyDownstreamServiceNode, xEnvoyExpectedRequestTimeout, xEnvoyExternalAddress, xEnvoyForceTrace
  case xEnvoyHedgeOnPerTryTimeout, xEnvoyImmediateHealthCheckFail, xEnvoyInternal, xEnvoyIPTags, xEnvoyIsTimeoutRetry
  case xEnvoyMaxRetries, xEnvoyOriginalHost, xEnvoyOriginalPath, xEnvoyOriginalURL, xEnvoyOverloaded, xEnvoyRateLimited
  case xEnvoyRetriableHeaderNames, xEnvoyRetriableStatusCodes, xEnvoyRetryGrpcOn, xEnvoyRetryOn
  case xEnvoyUpstreamAltStatName, xEnvoyUpstreamCanary, xEnvoyUpstreamRequestPerTryTimeout
  case xEnvoyUpstreamRequestTimeout, xEnvoyUpstreamRequestTimeoutAltResponse, xEnvoyUpstreamServiceTime
  case xEnvoyUpstreamStreamDurationMilliseconds, xForwardedClientCert, xForwardedFor, xForwardedHost, xForwardedPort
  case xForwardedProto, xRequestID, b3, traceparent, tracestate, xB3TraceID, xB3SpanID, xB3Sampled

  /// Whether it is a pseudo-header field, which is no field line in HTTP/1.1.
  @inlinable
  package var isPseudo: Bool { rawValue &- Self.method.rawValue <= Self.protocol.rawValue - Self.method.rawValue }

  /// The name as it is written, lower-case; empty for `other`.
  public var text: StaticString {
    switch self {
    case .other: ""
    case .method: ":method"
    case .path: ":path"
    case .authority: ":authority"
    case .scheme: ":scheme"
    case .status: ":status"
    case .protocol: ":protocol"
    case .accept: "accept"
    case .acceptEncoding: "accept-encoding"
    case .age: "age"
    case .allow: "allow"
    case .authorization: "authorization"
    case .cacheControl: "cache-control"
    case .connection: "connection"
    case .contentEncoding: "content-encoding"
    case .contentLength: "content-length"
    case .contentType: "content-type"
    case .cookie: "cookie"
    case .date: "date"
    case .etag: "etag"
    case .expect: "expect"
    case .forwarded: "forwarded"
    case .grpcMessage: "grpc-message"
    case .grpcStatus: "grpc-status"
    case .grpcTimeout: "grpc-timeout"
    case .host: "host"
    case .http2Settings: "http2-settings"
    case .keepAlive: "keep-alive"
    case .location: "location"
    case .origin: "origin"
    case .proxyAuthenticate: "proxy-authenticate"
    case .proxyAuthorization: "proxy-authorization"
    case .proxyConnection: "proxy-connection"
    case .referer: "referer"
    case .retryAfter: "retry-after"
    case .server: "server"
    case .setCookie: "set-cookie"
    case .te: "te"
    case .trailer: "trailer"
    case .transferEncoding: "transfer-encoding"
    case .upgrade: "upgrade"
    case .userAgent: "user-agent"
    case .vary: "vary"
    case .via: "via"
    case .wwwAuthenticate: "www-authenticate"
    case .xClientTraceID: "x-client-trace-id"
    case .xEnvoyAttemptCount: "x-envoy-attempt-count"
    case .xEnvoyDecoratorOperation: "x-envoy-decorator-operation"
    case .xEnvoyDownstreamServiceCluster: "x-envoy-downstream-service-cluster"
    case .xEnvoyDownstreamServiceNode: "x-envoy-downstream-service-node"
    case .xEnvoyExpectedRequestTimeout: "x-envoy-expected-rq-timeout-ms"
    case .xEnvoyExternalAddress: "x-envoy-external-address"
    case .xEnvoyForceTrace: "x-envoy-force-trace"
    case .xEnvoyHedgeOnPerTryTimeout: "x-envoy-hedge-on-per-try-timeout"
    case .xEnvoyImmediateHealthCheckFail: "x-envoy-immediate-health-check-fail"
    case .xEnvoyInternal: "x-envoy-internal"
    case .xEnvoyIPTags: "x-envoy-ip-tags"
    case .xEnvoyIsTimeoutRetry: "x-envoy-is-timeout-retry"
    case .xEnvoyMaxRetries: "x-envoy-max-retries"
    case .xEnvoyOriginalHost: "x-envoy-original-host"
    case .xEnvoyOriginalPath: "x-envoy-original-path"
    case .xEnvoyOriginalURL: "x-envoy-original-url"
    case .xEnvoyOverloaded: "x-envoy-overloaded"
    case .xEnvoyRateLimited: "x-envoy-ratelimited"
    case .xEnvoyRetriableHeaderNames: "x-envoy-retriable-header-names"
    case .xEnvoyRetriableStatusCodes: "x-envoy-retriable-status-codes"
    case .xEnvoyRetryGrpcOn: "x-envoy-retry-grpc-on"
    case .xEnvoyRetryOn: "x-envoy-retry-on"
    case .xEnvoyUpstreamAltStatName: "x-envoy-upstream-alt-stat-name"
    case .xEnvoyUpstreamCanary: "x-envoy-upstream-canary"
    case .xEnvoyUpstreamRequestPerTryTimeout: "x-envoy-upstream-rq-per-try-timeout-ms"
    case .xEnvoyUpstreamRequestTimeout: "x-envoy-upstream-rq-timeout-ms"
    case .xEnvoyUpstreamRequestTimeoutAltResponse: "x-envoy-upstream-rq-timeout-alt-response"
    case .xEnvoyUpstreamServiceTime: "x-envoy-upstream-service-time"
    case .xEnvoyUpstreamStreamDurationMilliseconds: "x-envoy-upstream-stream-duration-ms"
    case .xForwardedClientCert: "x-forwarded-client-cert"
    case .xForwardedFor: "x-forwarded-for"
    case .xForwardedHost: "x-forwarded-host"
    case .xForwardedPort: "x-forwarded-port"
    case .xForwardedProto: "x-forwarded-proto"
    case .xRequestID: "x-request-id"
    case .b3: "b3"
    case .traceparent: "traceparent"
    case .tracestate: "tracestate"
    case .xB3TraceID: "x-b3-traceid"
    case .xB3SpanID: "x-b3-spanid"
    case .xB3Sampled: "x-b3-sampled"
    }
  }
}
