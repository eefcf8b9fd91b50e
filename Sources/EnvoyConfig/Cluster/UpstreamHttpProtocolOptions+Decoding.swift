/// `envoy.extensions.upstreams.http.v3.HttpProtocolOptions`, the typed protocol options of a cluster.
struct UpstreamHttpProtocolOptionsReader: ConfigMessage {
  static let typeName = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
  private(set) var common = HttpProtocolOptions()
  private(set) var upstream = UpstreamHttpProtocolOptions()
  private(set) var versions = HttpVersionOptions()

  init(from reader: inout MessageReader) {
    reader.upstreamProtocolOptions(&common)
    reader.message("upstream_http_protocol_options", &upstream)
    let choice = reader.chosen(
      "upstream_protocol_options", isRequired: true, of: "explicit_http_config", "use_downstream_protocol_config",
      "auto_config")
    if let (name, index) = choice {
      let context = reader.context
      switch name {
      case "explicit_http_config": versions = context.decode(ExplicitHttpConfig.self, at: index).versions
      case "auto_config": versions = context.decode(AutoHttpConfig.self, at: index).versions
      default: versions = context.decode(UseDownstreamHttpConfig.self, at: index).versions
      }
    }
    reader.unsupported("http_filters", "header_validation_config", "outlier_detection", "request_mirror_policies")
    reader.unsupported("hash_policy", "retry_policy")
  }

  /// Which versions of HTTP a cluster speaks, and how.
  struct HttpVersionOptions {
    var selection = Cluster.HttpVersion.http1
    var http1 = Http1ProtocolOptions()
    var http2 = Http2ProtocolOptions()
  }

  /// `HttpProtocolOptions.ExplicitHttpConfig`.
  struct ExplicitHttpConfig: ConfigMessage {
    static let typeName = UpstreamHttpProtocolOptionsReader.typeName + ".ExplicitHttpConfig"
    private(set) var versions = HttpVersionOptions()

    init(from reader: inout MessageReader) {
      let choice = reader.chosen(
        "protocol_config", isRequired: true, of: "http_protocol_options", "http2_protocol_options",
        unsupported: ["http3_protocol_options"])
      guard let (name, index) = choice else { return }
      if name == "http_protocol_options" {
        versions.http1 = reader.context.decode(at: index)
      } else {
        versions.selection = .http2
        versions.http2 = reader.context.decode(at: index)
      }
    }
  }

  /// `HttpProtocolOptions.UseDownstreamHttpConfig`: the version of the request that is sent on.
  struct UseDownstreamHttpConfig: ConfigMessage {
    static let typeName = UpstreamHttpProtocolOptionsReader.typeName + ".UseDownstreamHttpConfig"
    private(set) var versions = HttpVersionOptions()

    init(from reader: inout MessageReader) {
      versions.selection = .downstream(elseHttp2: reader.has("http2_protocol_options"))
      reader.message("http_protocol_options", &versions.http1)
      reader.message("http2_protocol_options", &versions.http2)
      reader.unsupported("http3_protocol_options")
    }
  }

  /// `HttpProtocolOptions.AutoHttpConfig`: the version that ALPN finds.
  struct AutoHttpConfig: ConfigMessage {
    static let typeName = UpstreamHttpProtocolOptionsReader.typeName + ".AutoHttpConfig"
    private(set) var versions = HttpVersionOptions()

    init(from reader: inout MessageReader) {
      versions.selection = .auto
      reader.message("http_protocol_options", &versions.http1)
      reader.message("http2_protocol_options", &versions.http2)
      reader.unsupported("http3_protocol_options", "alternate_protocols_cache_options")
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
