/// What a listener allows its clients (Envoy's HttpConnectionManager and Http1ProtocolOptions, under their names).
package struct HTTP1ServerOptions: Sendable {
  /// max_request_headers_kb: the whole head, request line and line ends included, in KiB. Trailers have the same limit.
  package var maxRequestHeadersKiB = 60
  /// common_http_protocol_options.max_headers_count: field lines of a head, and of a trailer section.
  package var maxHeadersCount = 100
  /// enable_trailers: pass trailers on, both ways; without it they are read and dropped.
  package var enableTrailers = false
  /// allow_chunked_length: Transfer-Encoding beside Content-Length is taken, and the length dropped.
  package var allowChunkedLength = false
  /// allow_absolute_url: an absolute-form target is split into :scheme, :authority and :path.
  package var allowAbsoluteURL = true
  /// allow_custom_methods: any token is a method.
  package var allowCustomMethods = false
  /// common_http_protocol_options.headers_with_underscores_action.
  package var underscores = UnderscoresAction.allow

  package enum UnderscoresAction: Sendable { case allow, rejectRequest, dropHeader }

  package init() {}
}

/// What a cluster allows its hosts (Envoy's Http1ProtocolOptions of the upstream).
package struct HTTP1ClientOptions: Sendable {
  /// max_response_headers_kb: the whole head, status line and line ends included, in KiB. Trailers have the same limit.
  package var maxResponseHeadersKiB = 80
  /// common_http_protocol_options.max_headers_count: field lines of a head, and of a trailer section.
  package var maxHeadersCount = 100
  package var enableTrailers = false
  package var allowChunkedLength = false

  package init() {}
}
