/// `envoy.config.listener.v3.ListenerFilter`; nil after an error.
struct ListenerFilterReader: ConfigMessage {
  static let typeName = "envoy.config.listener.v3.ListenerFilter"
  private(set) var value: ListenerFilter?

  init(from reader: inout MessageReader) {
    var name = ""
    reader.string("name", &name, minLength: 1)
    reader.unsupported("filter_disabled")
    let choice = reader.oneof("config_type", isRequired: true, of: "typed_config", unsupported: ["config_discovery"])
    guard choice == "typed_config", let index = reader.find("typed_config") else { return }
    let kinds = [
      AnyKind(TlsInspector.self) { ListenerFilter.Config.tlsInspector($0) },
      AnyKind(OriginalDst.self) { _ in ListenerFilter.Config.originalDst },
    ]
    guard let config = reader.context.any(at: index, known: EnvoyExtensions.listenerFilters, kinds) else { return }
    var filter = ListenerFilter(name: name, config: config)
    filter.origin = reader.origin
    value = filter
  }
}

extension TlsInspector: ConfigMessage {
  static let typeName = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.unsupported("enable_ja3_fingerprinting", "enable_ja4_fingerprinting")
    // What is looked at lies with the kernel until it is read.
    reader.withoutEffect(.integer(256...65_536), "initial_read_buffer_size")
    reader.bool("close_connection_on_client_hello_parsing_errors", &closeConnectionOnClientHelloParsingErrors)
    reader.integer("max_client_hello_size", &maxClientHelloSize, in: 256...16_384)
  }
}

/// `OriginalDst`: it has no fields.
struct OriginalDst: ConfigMessage {
  static let typeName = "envoy.extensions.filters.listener.original_dst.v3.OriginalDst"

  init(from reader: inout MessageReader) {}
}
