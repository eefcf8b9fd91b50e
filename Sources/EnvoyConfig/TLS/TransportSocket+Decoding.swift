/// `envoy.config.core.v3.TransportSocket`; nil after an error.
struct TransportSocketReader: ConfigMessage {
  static let typeName = "envoy.config.core.v3.TransportSocket"
  private(set) var value: TransportSocket?

  init(from reader: inout MessageReader) {
    var name = ""
    reader.string("name", &name, minLength: 1)
    let kinds = Self.kinds(reader.context.transportSocketSide)
    value = reader.any("typed_config", known: EnvoyExtensions.transportSockets, kinds)
  }

  private static func kinds(_ side: DecodingContext.TransportSocketSide) -> [AnyKind<TransportSocket>] {
    let raw = AnyKind(RawBuffer.self) { _ in TransportSocket.rawBuffer }
    switch side {
    case .downstream: return [raw, AnyKind(DownstreamTlsContext.self) { .downstreamTls($0) }]
    case .upstream: return [raw, AnyKind(UpstreamTlsContext.self) { .upstreamTls($0) }]
    }
  }
}

extension DecodingContext {
  /// On which side of the proxy the message stands that is being decoded: each has transport sockets of its own.
  enum TransportSocketSide {
    case downstream
    case upstream
  }
}

extension MessageReader {
  /// `transport_socket`: plain text when absent.
  mutating func transportSocket(_ side: DecodingContext.TransportSocketSide, _ value: inout TransportSocket) {
    guard let index = findDescribed("transport_socket") else { return }
    context.transportSocketSide = side
    if let socket = context.decode(TransportSocketReader.self, at: index).value { value = socket }
  }
}

/// `envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer`, which has no fields.
struct RawBuffer: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"

  init(from reader: inout MessageReader) {}
}
