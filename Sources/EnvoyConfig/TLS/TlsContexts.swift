/// `envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext`: TLS as a server speaks it.
package struct DownstreamTlsContext: Sendable {
  /// The oneof `session_ticket_keys_type`.
  package enum SessionTicketKeysType: Sendable {
    case sessionTicketKeys(TlsSessionTicketKeys)
    case sessionTicketKeysSdsSecretConfig(SdsSecretConfig)
    /// True: no tickets are issued. False: the library makes its own keys, as when the oneof is absent.
    case disableStatelessSessionResumption(Bool)
  }

  package var commonTlsContext = CommonTlsContext()
  package var requireClientCertificate = false
  package var sessionTicketKeysType: SessionTicketKeysType?
  /// No cache of sessions (TLS 1.2 and older).
  package var disableStatefulSessionResumption = false
  /// In whole seconds; less than 2³². The library's own when absent.
  package var sessionTimeout: Duration?
  /// Whether a certificate of another name is looked for by key type when none has the server name.
  package var fullScanCertsOnSniMismatch = false
  /// TLS 1.2 and older.
  package var preferClientCiphers = false
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext`: TLS as a client speaks it.
package struct UpstreamTlsContext: Sendable {
  package var commonTlsContext = CommonTlsContext()
  /// At most 255 bytes; empty: none is sent.
  package var sni = ""
  /// The upstream host's hostname, when it has one, in place of `sni`.
  package var autoHostSni = false
  /// The name that was sent must be a DNS SAN of the upstream's certificate, in place of any other SAN check.
  package var autoSniSanValidation = false
  /// How many sessions are kept for resumption; 0: none are.
  package var maxSessionKeys: UInt32 = 1
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.transport_sockets.tls.v3.CommonTlsContext`.
package struct CommonTlsContext: Sendable {
  /// The oneof `validation_context_type`.
  package indirect enum ValidationContextType: Sendable {
    case validationContext(CertificateValidationContext)
    case validationContextSdsSecretConfig(SdsSecretConfig)
    /// What the secret says is merged over the default, field by field, lists appended.
    case combinedValidationContext(default: CertificateValidationContext, sds: SdsSecretConfig)
  }

  package var tlsParams = TlsParameters()
  /// Of a client at most one. Of a server at least one, or at least one in `tlsCertificateSdsSecretConfigs`.
  package var tlsCertificates: [TlsCertificate] = []
  package var tlsCertificateSdsSecretConfigs: [SdsSecretConfig] = []
  /// Absent: the peer's certificate is not looked at.
  package var validationContextType: ValidationContextType?
  /// Each 1 to 255 bytes.
  package var alpnProtocols: [String] = []
  package var keyLog: TlsKeyLog?

  package init() {}
}

/// `envoy.extensions.transport_sockets.tls.v3.TlsParameters`.
package struct TlsParameters: Sendable {
  package enum TlsProtocol: Sendable {
    case tlsAuto
    case tls10
    case tls11
    case tls12
    case tls13
  }

  /// TLS 1.2 by default.
  package var tlsMinimumProtocolVersion = TlsProtocol.tlsAuto
  /// TLS 1.3 by default for servers, 1.2 for clients.
  package var tlsMaximumProtocolVersion = TlsProtocol.tlsAuto
  /// OpenSSL's names, or groups of equal preference as `[A|B]`; TLS 1.2 and older. The default list when empty.
  package var cipherSuites: [String] = []
  /// The default curves when empty.
  package var ecdhCurves: [String] = []
  /// The default algorithms when empty.
  package var signatureAlgorithms: [String] = []
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.transport_sockets.tls.v3.TlsKeyLog`: session keys in NSS's key log format, for Wireshark.
package struct TlsKeyLog: Sendable {
  package var path = ""
  /// Of the connections that are logged; any when empty.
  package var localAddressRange: [CidrRange] = []
  package var remoteAddressRange: [CidrRange] = []
  package var origin = SourceLocation.none

  package init() {}
}
