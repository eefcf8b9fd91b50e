/// Headers of which Envoy keeps a single line: a value added to one that is there is appended to it after a comma, where
/// any other header gets a second line. Seen on the real Envoy, for requests and for responses.
enum InlineHeaders {
  static let request: Set<String> = common.union([
    "accept", "accept-encoding", "access-control-request-headers", "access-control-request-method",
    "access-control-request-private-network", "authorization", "cache-control", "cdn-loop", "content-encoding",
    "grpc-accept-encoding", "grpc-timeout", "if-match", "if-modified-since", "if-none-match", "if-range",
    "if-unmodified-since", "origin", "pragma", "referer", "te", "user-agent", "x-client-trace-id",
    "x-envoy-downstream-service-cluster", "x-envoy-downstream-service-node", "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address", "x-envoy-force-trace", "x-envoy-hedge-on-per-try-timeout", "x-envoy-internal",
    "x-envoy-ip-tags", "x-envoy-is-timeout-retry", "x-envoy-max-retries", "x-envoy-original-host",
    "x-envoy-original-path", "x-envoy-original-url", "x-envoy-retriable-header-names",
    "x-envoy-retriable-status-codes", "x-envoy-retry-grpc-on", "x-envoy-retry-on", "x-envoy-upstream-alt-stat-name",
    "x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-upstream-rq-timeout-alt-response",
    "x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-stream-duration-ms", "x-forwarded-client-cert",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
  ])

  static let response: Set<String> = common.union([
    "access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods",
    "access-control-allow-origin", "access-control-allow-private-network", "access-control-expose-headers",
    "access-control-max-age", "age", "cache-control", "content-encoding", "date", "etag", "expires", "grpc-message",
    "grpc-status", "last-modified", "location", "server", "vary", "x-envoy-degraded",
    "x-envoy-immediate-health-check-fail", "x-envoy-ratelimited", "x-envoy-upstream-canary",
    "x-envoy-upstream-healthchecked-cluster", "x-envoy-upstream-service-time",
  ])

  private static let common: Set<String> = [
    "connection", "content-length", "content-type", "keep-alive", "proxy-connection", "proxy-status",
    "transfer-encoding", "upgrade", "via", "x-envoy-attempt-count", "x-envoy-decorator-operation", "x-request-id",
  ]
}
