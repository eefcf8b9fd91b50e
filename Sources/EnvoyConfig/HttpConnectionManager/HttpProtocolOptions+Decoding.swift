extension HttpProtocolOptions.HeadersWithUnderscoresAction: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("ALLOW", 0, .allow), ("REJECT_REQUEST", 1, .rejectRequest), ("DROP_HEADER", 2, .dropHeader),
  ]
}

extension HttpProtocolOptions: ConfigMessage {
  static let typeName = "envoy.config.core.v3.HttpProtocolOptions"

  init(from reader: inout MessageReader) {
    reader.duration("idle_timeout", &idleTimeout)
    reader.duration("max_connection_duration", &maxConnectionDuration)
    reader.integer("max_headers_count", &maxHeadersCount, in: 1...UInt32.max)
    reader.integer("max_response_headers_kb", &maxResponseHeadersKb, in: 1...8192)
    reader.duration("max_stream_duration", &maxStreamDuration)
    reader.enumeration("headers_with_underscores_action", &headersWithUnderscoresAction)
    reader.integer("max_requests_per_connection", &maxRequestsPerConnection)
    reader.unsupportedUnlessEmpty("max_connection_duration_jitter")
  }
}

extension Http1ProtocolOptions: ConfigMessage {
  static let typeName = "envoy.config.core.v3.Http1ProtocolOptions"

  init(from reader: inout MessageReader) {
    reader.bool("allow_absolute_url", &allowAbsoluteUrl)
    reader.unsupported("accept_http_10", "header_key_format")
    // Of HTTP/1.0 only.
    reader.withoutEffect(.string, "default_host_for_http_10")
    reader.bool("enable_trailers", &enableTrailers)
    reader.bool("allow_chunked_length", &allowChunkedLength)
    reader.unsupported("override_stream_error_on_invalid_http_message", "send_fully_qualified_url")
    reader.withoutEffect(.bool, "use_balsa_parser")
    reader.bool("allow_custom_methods", &allowCustomMethods)
    reader.unsupported("ignore_http_11_upgrade")
  }
}
