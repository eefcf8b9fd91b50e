/// `envoy.extensions.upstreams.http.v3.HttpProtocolOptions`, the typed protocol options of a cluster.
struct UpstreamHttpProtocolOptionsReader: ConfigMessage {
  static let typeName = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
  private(set) var common = HttpProtocolOptions()
  private(set) var http1 = Http1ProtocolOptions()
  private(set) var upstream = UpstreamHttpProtocolOptions()

  init(from reader: inout MessageReader) {
    reader.upstreamProtocolOptions(&common)
    reader.message("upstream_http_protocol_options", &upstream)
    let choice = reader.oneof(
      "upstream_protocol_options", isRequired: true, of: "explicit_http_config",
      unsupported: ["use_downstream_protocol_config", "auto_config"])
    if choice == "explicit_http_config", let index = reader.find("explicit_http_config") {
      http1 = reader.context.decode(ExplicitHttpConfig.self, at: index).http1
    }
    reader.unsupported("http_filters", "header_validation_config", "outlier_detection", "request_mirror_policies")
    reader.unsupported("hash_policy", "retry_policy")
  }

  /// `HttpProtocolOptions.ExplicitHttpConfig`.
  struct ExplicitHttpConfig: ConfigMessage {
    static let typeName = UpstreamHttpProtocolOptionsReader.typeName + ".ExplicitHttpConfig"
    private(set) var http1 = Http1ProtocolOptions()

    init(from reader: inout MessageReader) {
      let choice = reader.oneof(
        "protocol_config", isRequired: true, of: "http_protocol_options",
        unsupported: ["http2_protocol_options", "http3_protocol_options"])
      if choice == "http_protocol_options", let index = reader.find("http_protocol_options") {
        http1 = reader.context.decode(at: index)
      }
    }
  }
}

extension UpstreamHttpProtocolOptions: ConfigMessage {
  static let typeName = "envoy.config.core.v3.UpstreamHttpProtocolOptions"

  init(from reader: inout MessageReader) {
    reader.bool("auto_sni", &autoSni)
    reader.bool("auto_san_validation", &autoSanValidation)
    reader.string("override_auto_sni_header", &overrideAutoSniHeader, rule: .header)
    overrideAutoSniHeader = overrideAutoSniHeader.lowercased()
  }
}

extension Cluster.TransportSocketMatch: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.Cluster.TransportSocketMatch"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("name", &name, minLength: 1)
    if case .object(let members) = reader.structValue("match") { match = members }
    guard let index = reader.findDescribed("transport_socket", default: "required") else {
      reader.reportMissing("transport_socket")
      return
    }
    if let socket = reader.context.decode(TransportSocketReader.self, at: index).value { transportSocket = socket }
  }
}
