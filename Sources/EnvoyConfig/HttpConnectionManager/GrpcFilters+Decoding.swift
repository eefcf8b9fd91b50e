extension GrpcStatsConfig: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.grpc_stats.v3.FilterConfig"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.bool("emit_filter_state", &emitFilterState)
    let choice = reader.chosen(
      "per_method_stat_specifier", of: "individual_method_stats_allowlist", "stats_for_all_methods")
    if let (name, index) = choice {
      if name == "stats_for_all_methods" {
        if let isAll = reader.context.bool(at: index) { perMethodStats = .all(isAll) }
      } else {
        perMethodStats = .allowlist(reader.context.decode(GrpcMethodListReader.self, at: index).services)
      }
    }
    reader.bool("enable_upstream_stats", &enableUpstreamStats)
    reader.bool("replace_dots_in_grpc_service_name", &replaceDotsInGrpcServiceName)
  }
}

/// `envoy.config.core.v3.GrpcMethodList`.
struct GrpcMethodListReader: ConfigMessage {
  static let typeName = "envoy.config.core.v3.GrpcMethodList"
  private(set) var services: [GrpcMethodList.Service] = []

  init(from reader: inout MessageReader) { reader.messages("services", &services) }
}

extension GrpcMethodList.Service: ConfigMessage {
  static let typeName = "envoy.config.core.v3.GrpcMethodList.Service"

  init(from reader: inout MessageReader) {
    reader.string("name", &name, minLength: 1)
    reader.strings("method_names", &methodNames, minItems: 1)
  }
}

extension GrpcWeb: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb"

  init(from reader: inout MessageReader) { origin = reader.origin }
}
