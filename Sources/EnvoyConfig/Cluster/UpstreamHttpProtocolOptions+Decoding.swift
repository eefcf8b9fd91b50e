/// `envoy.extensions.upstreams.http.v3.HttpProtocolOptions`, the typed protocol options of a cluster.
struct UpstreamHttpProtocolOptionsReader: ConfigMessage {
  static let typeName = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
  private(set) var common = HttpProtocolOptions()
  private(set) var http1 = Http1ProtocolOptions()

  init(from reader: inout MessageReader) {
    reader.upstreamProtocolOptions(&common)
    let choice = reader.oneof(
      "upstream_protocol_options", isRequired: true, of: "explicit_http_config",
      unsupported: ["use_downstream_protocol_config", "auto_config"])
    if choice == "explicit_http_config", let index = reader.find("explicit_http_config") {
      http1 = reader.context.decode(ExplicitHttpConfig.self, at: index).http1
    }
    reader.unsupported("http_filters", "header_validation_config", "outlier_detection", "request_mirror_policies")
    reader.unsupported("hash_policy", "retry_policy")
    reader.unsupportedUnlessEmpty("upstream_http_protocol_options")
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
