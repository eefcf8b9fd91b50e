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
    reader.unsupported("accept_http_10")
    reader.string("default_host_for_http_10", &defaultHostForHttp10)
    if let index = reader.findDescribed("header_key_format") {
      headerKeyFormat = reader.context.decode(HeaderKeyFormatReader.self, at: index).value
    }
    reader.bool("enable_trailers", &enableTrailers)
    reader.bool("allow_chunked_length", &allowChunkedLength)
    reader.bool("override_stream_error_on_invalid_http_message", &overrideStreamErrorOnInvalidHttpMessage)
    reader.bool("send_fully_qualified_url", &sendFullyQualifiedUrl)
    reader.withoutEffect(.bool, "use_balsa_parser")
    reader.bool("allow_custom_methods", &allowCustomMethods)
    reader.unsupported("ignore_http_11_upgrade")
  }
}

/// `Http1ProtocolOptions.HeaderKeyFormat`.
struct HeaderKeyFormatReader: ConfigMessage {
  static let typeName = "envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat"
  private(set) var value: Http1ProtocolOptions.HeaderKeyFormat?

  init(from reader: inout MessageReader) {
    switch reader.oneof("header_format", isRequired: true, of: "proper_case_words", "stateful_formatter") {
    case "proper_case_words":
      value = reader.find("proper_case_words").map { reader.context.decode(ProperCaseWords.self, at: $0).value }
    case "stateful_formatter":
      value = reader.find("stateful_formatter").flatMap { reader.context.decode(StatefulFormatter.self, at: $0).value }
    default: break
    }
  }

  /// `HeaderKeyFormat.ProperCaseWords`, which has no fields.
  struct ProperCaseWords: ConfigMessage {
    static let typeName = "envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat.ProperCaseWords"
    let value = Http1ProtocolOptions.HeaderKeyFormat.properCaseWords

    init(from reader: inout MessageReader) {}
  }

  /// `envoy.config.core.v3.TypedExtensionConfig` with a header formatter.
  struct StatefulFormatter: ConfigMessage {
    static let typeName = "envoy.config.core.v3.TypedExtensionConfig"
    private(set) var value: Http1ProtocolOptions.HeaderKeyFormat?

    init(from reader: inout MessageReader) {
      var name = ""
      reader.string("name", &name, minLength: 1)
      value = reader.any("typed_config", [AnyKind(PreserveCaseFormatterConfig.self) { $0.value }])
    }
  }

  /// `envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig`.
  struct PreserveCaseFormatterConfig: ConfigMessage {
    static let typeName = "envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig"
    let value = Http1ProtocolOptions.HeaderKeyFormat.preserveCase

    init(from reader: inout MessageReader) {
      reader.unsupported("forward_reason_phrase")
      reader.unsupported("formatter_type_on_envoy_headers") { $0 == "DEFAULT" || $0 == "0" }
    }
  }
}
