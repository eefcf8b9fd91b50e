import Telemetry

/// `tls_inspector.`, of all listeners together.
enum TLSInspectorStat: UInt32, StatSet {
  case alpnFound, alpnNotFound, clientHelloTooLarge, sniFound, sniNotFound, tlsFound, tlsNotFound

  static let definitions: [StatDefinition<TLSInspectorStat>] = [
    .counter(.alpnFound, "alpn_found"),
    .counter(.alpnNotFound, "alpn_not_found"),
    .counter(.clientHelloTooLarge, "client_hello_too_large"),
    .counter(.sniFound, "sni_found"),
    .counter(.sniNotFound, "sni_not_found"),
    .counter(.tlsFound, "tls_found"),
    .counter(.tlsNotFound, "tls_not_found"),
  ]
}
