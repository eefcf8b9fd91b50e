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
    let kinds = [
      AnyKind(Router.self) { HttpFilter.Config.router($0) }, AnyKind(HttpRBAC.self) { HttpFilter.Config.rbac($0) },
      AnyKind(JwtAuthentication.self) { HttpFilter.Config.jwtAuthn($0) },
      AnyKind(GrpcStatsConfig.self) { HttpFilter.Config.grpcStats($0) },
      AnyKind(GrpcWeb.self) { HttpFilter.Config.grpcWeb($0) },
    ]
    guard let config = reader.context.any(at: index, known: EnvoyExtensions.httpFilters, kinds) else { return }
    filter.config = config
    value = filter
  }
}

extension Router: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.router.v3.Router"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.bool("dynamic_stats", &dynamicStats)
    reader.unsupported("start_child_span", "upstream_log", "upstream_http_filters")
    reader.unsupported("reject_connect_request_early_data")
    reader.unsupportedUnlessEmpty("upstream_log_options")
    reader.bool("suppress_envoy_headers", &suppressEnvoyHeaders)
    reader.bool("suppress_grpc_request_failure_code_stats", &suppressGrpcRequestFailureCodeStats)
    reader.unsupported("respect_expected_rq_timeout", "strict_check_headers")
  }
}
