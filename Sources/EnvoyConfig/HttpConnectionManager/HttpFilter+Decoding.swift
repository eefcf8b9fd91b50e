/// `HttpFilter`; nil after an error.
struct HttpFilterReader: ConfigMessage {
  static let typeName = "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter"
  private(set) var value: HttpFilter?

  init(from reader: inout MessageReader) {
    var filter = HttpFilter()
    filter.origin = reader.origin
    reader.string("name", &filter.name, minLength: 1)
    reader.bool("disabled", &filter.disabled)
    reader.withoutEffect(.bool, "is_optional")
    let choice = reader.oneof(
      "config_type", isRequired: true, of: "typed_config", unsupported: ["config_discovery"])
    guard choice == "typed_config", let index = reader.find("typed_config") else { return }
    let kinds = [AnyKind(Router.self) { HttpFilter.Config.router($0) }]
    guard let config = reader.context.any(at: index, known: EnvoyExtensions.httpFilters, kinds) else { return }
    filter.config = config
    value = filter
  }
}

extension Router: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.router.v3.Router"
  private static let checkable = [
    "x-envoy-upstream-rq-timeout-ms", "x-envoy-upstream-rq-per-try-timeout-ms", "x-envoy-max-retries",
    "x-envoy-retry-grpc-on", "x-envoy-retry-on",
  ]

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.bool("dynamic_stats", &dynamicStats)
    reader.unsupported("start_child_span", "upstream_log", "upstream_http_filters")
    reader.unsupported("reject_connect_request_early_data")
    reader.unsupportedUnlessEmpty("upstream_log_options")
    reader.bool("suppress_envoy_headers", &suppressEnvoyHeaders)
    reader.bool("respect_expected_rq_timeout", &respectExpectedRqTimeout)
    reader.bool("suppress_grpc_request_failure_code_stats", &suppressGrpcRequestFailureCodeStats)
    let context = reader.context
    for index in reader.elements("strict_check_headers") {
      guard let name = context.string(at: index) else { continue }
      strictCheckHeaders.append(name)
      if !Self.checkable.contains(name) {
        context.report(
          index, "is \"\(name)\"", allowed: "one of \(Self.checkable.joined(separator: ", ")) is allowed")
      }
    }
  }
}

extension LocalReplyConfig: ConfigMessage {
  static let typeName = "envoy.extensions.filters.network.http_connection_manager.v3.LocalReplyConfig"

  init(from reader: inout MessageReader) {
    var readers: [ResponseMapperReader] = []
    reader.messages("mappers", &readers)
    mappers = readers.compactMap(\.value)
    reader.message("body_format", &bodyFormat)
  }
}

/// `ResponseMapper`; nil after an error.
struct ResponseMapperReader: ConfigMessage {
  static let typeName = "envoy.extensions.filters.network.http_connection_manager.v3.ResponseMapper"
  private(set) var value: ResponseMapper?

  init(from reader: inout MessageReader) {
    var filter: AccessLogFilterReader?
    reader.message("filter", &filter, isRequired: true)
    // The filter stands in for a missing one, so that the other fields are read all the same.
    var mapper = ResponseMapper(filter: filter?.value ?? .notHealthCheck)
    mapper.origin = reader.origin
    reader.integer("status_code", &mapper.statusCode, in: 200...599)
    reader.message("body", &mapper.body)
    reader.message("body_format_override", &mapper.bodyFormatOverride)
    reader.messages("headers_to_add", &mapper.headersToAdd, maxItems: 1000)
    value = filter?.value == nil ? nil : mapper
  }
}
