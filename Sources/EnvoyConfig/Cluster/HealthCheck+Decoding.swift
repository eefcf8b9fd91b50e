extension HealthCheck: ConfigMessage {
  static let typeName = "envoy.config.core.v3.HealthCheck"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    var name = ""
    reader.string("name", &name)
    readTimes(&reader)
    reader.integer("unhealthy_threshold", &unhealthyThreshold, isRequired: true)
    reader.integer("healthy_threshold", &healthyThreshold, isRequired: true)
    // Envoy does not look at it.
    reader.withoutEffect(.integer(0...UInt32.max), "alt_port")
    reader.bool("reuse_connection", &reuseConnection)
    readChecker(&reader)
    // Of the event log only.
    reader.withoutEffect(.bool, "always_log_health_check_failures", "always_log_health_check_success")
    var options = TlsOptions()
    reader.message("tls_options", &options)
    alpnProtocols = options.alpnProtocols
    reader.unsupported("event_log_path", "event_logger", "event_service", "transport_socket_match_criteria")
  }

  private mutating func readTimes(_ reader: inout MessageReader) {
    reader.duration("timeout", &timeout, required: .positive)
    reader.duration("interval", &interval, required: .positive)
    reader.duration("initial_jitter", &initialJitter)
    reader.duration("interval_jitter", &intervalJitter)
    reader.integer("interval_jitter_percent", &intervalJitterPercent)
    reader.duration("no_traffic_interval", &noTrafficInterval, .positive)
    reader.duration("no_traffic_healthy_interval", &noTrafficHealthyInterval, .positive)
    reader.duration("unhealthy_interval", &unhealthyInterval, .positive)
    reader.duration("unhealthy_edge_interval", &unhealthyEdgeInterval, .positive)
    reader.duration("healthy_edge_interval", &healthyEdgeInterval, .positive)
  }

  private mutating func readChecker(_ reader: inout MessageReader) {
    let choice = reader.chosen(
      "health_checker", isRequired: true, of: "http_health_check", "tcp_health_check", "grpc_health_check",
      unsupported: ["custom_health_check"])
    guard let (name, index) = choice else { return }
    switch name {
    case "http_health_check": checker = .http(reader.context.decode(at: index))
    case "tcp_health_check": checker = .tcp(reader.context.decode(at: index))
    default: checker = .grpc(reader.context.decode(at: index))
    }
  }

  /// `HealthCheck.TlsOptions`.
  struct TlsOptions: ConfigMessage {
    static let typeName = HealthCheck.typeName + ".TlsOptions"
    private(set) var alpnProtocols: [String] = []

    init() {}

    init(from reader: inout MessageReader) { reader.strings("alpn_protocols", &alpnProtocols) }
  }

  /// `HealthCheck.Payload`.
  struct Payload: ConfigMessage {
    static let typeName = HealthCheck.typeName + ".Payload"
    private(set) var bytes: [UInt8] = []

    init(from reader: inout MessageReader) {
      guard let (name, index) = reader.chosen("payload", isRequired: true, of: "text", "binary") else { return }
      let isText = name == "text"
      guard let text = reader.context.string(at: index, minLength: isText ? 1 : 0) else { return }
      let decoded = isText ? Self.hexadecimal(text) : ScalarText.base64(Array(text.utf8)[...])
      if let decoded {
        bytes = decoded
        return
      }
      let allowed = isText ? "pairs of hexadecimal digits are allowed" : "base64 is allowed"
      reader.context.report(index, reader.context.found(index), allowed: allowed)
    }

    private static func hexadecimal(_ text: String) -> [UInt8]? {
      let digits = Array(text.utf8)
      guard digits.count % 2 == 0 else { return nil }
      var bytes: [UInt8] = []
      for index in stride(from: 0, to: digits.count, by: 2) {
        guard digits[index] != UInt8(ascii: "+"), digits[index] != UInt8(ascii: "-"),
          let byte = UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16)
        else { return nil }
        bytes.append(byte)
      }
      return bytes
    }
  }
}

extension MessageReader {
  /// A duration that must be there.
  fileprivate mutating func duration(_ name: StaticString, _ value: inout Duration, required range: DurationRange) {
    var found: Duration?
    duration(name, &found, range, isRequired: true)
    if let found { value = found }
  }

  fileprivate mutating func payload(_ name: StaticString, _ value: inout [UInt8]) {
    var payload: HealthCheck.Payload?
    message(name, &payload)
    value = payload?.bytes ?? []
  }

  fileprivate mutating func payloads(_ name: StaticString, _ values: inout [[UInt8]]) {
    var payloads: [HealthCheck.Payload] = []
    messages(name, &payloads)
    values = payloads.map(\.bytes)
  }

  fileprivate mutating func statuses(_ name: StaticString, _ value: inout [Int64Range]) {
    for index in elements(name) {
      let range = context.decode(Int64Range.self, at: index)
      let isAllowed = range.start >= 100 && range.start < range.end && range.end <= 600
      if isAllowed {
        value.append(range)
      } else {
        context.report(
          index, "is from \(range.start) to below \(range.end)",
          allowed: "a start of at least 100, less than the end, and an end of at most 600 are allowed")
      }
    }
  }
}

extension HttpHealthCheck: ConfigMessage {
  static let typeName = HealthCheck.typeName + ".HttpHealthCheck"

  init(from reader: inout MessageReader) {
    reader.string("host", &host, rule: .header)
    reader.string("path", &path, minLength: 1, rule: .header)
    reader.messages("request_headers_to_add", &requestHeadersToAdd, maxItems: 1000)
    requestHeadersToRemove = reader.namesToRemove("request_headers_to_remove", 0)
    reader.statuses("expected_statuses", &expectedStatuses)
    reader.statuses("retriable_statuses", &retriableStatuses)
    var codec = CodecClientType.http1
    reader.enumeration("codec_client_type", &codec)
    isHTTP2 = codec == .http2
    reader.message("service_name_matcher", &serviceNameMatcher)
    readBodies(&reader)
    reader.unsupported("use_alpn_protocol")
  }

  private mutating func readBodies(_ reader: inout MessageReader) {
    var method = Method.get
    reader.enumeration("method", &method)
    self.method = method.rawValue
    reader.payload("send", &send)
    if !send.isEmpty && ![.post, .put, .patch, .options].contains(method) {
      reader.report(
        "send", "is given for the method \(method.rawValue)", allowed: "POST, PUT, PATCH and OPTIONS have a body")
    }
    reader.payloads("receive", &receive)
    reader.integer("response_buffer_size", &responseBufferSize)
  }

  /// `envoy.type.v3.CodecClientType`.
  enum CodecClientType: ConfigEnum {
    case http1
    case http2

    static let values: [(name: StaticString, number: Int32, value: Self?)] = [
      ("HTTP1", 0, .http1), ("HTTP2", 1, .http2), ("HTTP3", 2, nil),
    ]
  }

  /// `envoy.config.core.v3.RequestMethod`, without CONNECT, which Envoy refuses here.
  enum Method: String, ConfigEnum {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case delete = "DELETE"
    case options = "OPTIONS"
    case trace = "TRACE"
    case patch = "PATCH"

    static let values: [(name: StaticString, number: Int32, value: Self?)] = [
      ("GET", 1, .get), ("METHOD_UNSPECIFIED", 0, .get), ("HEAD", 2, .head), ("POST", 3, .post), ("PUT", 4, .put),
      ("DELETE", 5, .delete), ("OPTIONS", 7, .options), ("TRACE", 8, .trace), ("PATCH", 9, .patch),
    ]
  }
}

extension TcpHealthCheck: ConfigMessage {
  static let typeName = HealthCheck.typeName + ".TcpHealthCheck"

  init(from reader: inout MessageReader) {
    reader.payload("send", &send)
    reader.payloads("receive", &receive)
    reader.unsupported("proxy_protocol_config")
  }
}

extension GrpcHealthCheck: ConfigMessage {
  static let typeName = HealthCheck.typeName + ".GrpcHealthCheck"

  init(from reader: inout MessageReader) {
    reader.string("service_name", &serviceName)
    reader.string("authority", &authority, rule: .header)
    reader.messages("initial_metadata", &initialMetadata, maxItems: 1000)
  }
}
