/// `envoy.config.core.v3.HttpProtocolOptions`: what all versions of HTTP share, on either side.
package struct HttpProtocolOptions: Sendable {
  package enum HeadersWithUnderscoresAction: Sendable {
    case allow
    case rejectRequest
    case dropHeader
  }

  /// No active request for this long closes a connection; zero: never.
  package var idleTimeout: Duration = .seconds(3600)
  /// Absent: none. Downstream the connection drains then, upstream it takes no further request.
  package var maxConnectionDuration: Duration?
  package var maxHeadersCount: UInt32 = 100
  /// Upstream only; absent: Envoy's 60.
  package var maxResponseHeadersKb: UInt32?
  /// Downstream only. Absent or zero: none.
  package var maxStreamDuration: Duration?
  package var headersWithUnderscoresAction = HeadersWithUnderscoresAction.allow
  /// Absent or 0: no limit.
  package var maxRequestsPerConnection: UInt32?

  package init() {}
}

/// `envoy.config.core.v3.Http1ProtocolOptions`.
package struct Http1ProtocolOptions: Sendable {
  package var allowAbsoluteUrl = true
  package var enableTrailers = false
  package var allowChunkedLength = false
  package var allowCustomMethods = false

  package init() {}
}
