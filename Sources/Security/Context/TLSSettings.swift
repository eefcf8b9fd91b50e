/// A protocol version (Envoy's TlsParameters.TlsProtocol without TLS_AUTO).
package enum TLSVersion: Int32, Sendable, Comparable {
  case tls10 = 0x0301
  case tls11 = 0x0302
  case tls12 = 0x0303
  case tls13 = 0x0304

  package static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
}

/// Public bytes (PEM, as a rule) and what to call them in an error: a path, or Envoy's "<inline>".
package struct TLSData: Sendable {
  package var bytes: [UInt8]
  package var source: String

  package init(_ bytes: [UInt8], source: String = "<inline>") {
    self.bytes = bytes
    self.source = source
  }
}

/// Secret bytes and what to call them in an error.
package struct TLSKeyData: Sendable {
  package var bytes: KeyBytes
  package var source: String

  package init(_ bytes: KeyBytes, source: String = "<inline>") {
    self.bytes = bytes
    self.source = source
  }
}

/// A certificate with its chain and key (Envoy's TlsCertificate).
package struct TLSCertificateSettings: Sendable {
  package enum Content: Sendable {
    /// The chain, own certificate first, and the key: both PEM.
    case pem(chain: TLSData, key: TLSKeyData)
    /// Both in one PKCS #12 file.
    case pkcs12(TLSKeyData)
  }

  package var content: Content
  package var password: KeyBytes?

  package init(_ content: Content, password: KeyBytes? = nil) {
    self.content = content
    self.password = password
  }
}

/// What both sides configure (Envoy's CommonTlsContext); made by ``ServerTLSSettings`` and ``ClientTLSSettings``.
package struct CommonTLSSettings: Sendable {
  package var minimumVersion: TLSVersion = .tls12
  package var maximumVersion: TLSVersion
  /// TLS 1.2 and older, in Envoy's syntax ("[A|B]" for equal preference); empty for Envoy's defaults.
  package var cipherSuites: [String] = []
  /// "X25519", "P-256" …; empty for Envoy's defaults.
  package var ecdhCurves: [String] = []
  /// "rsa_pss_rsae_sha256" …; empty for OpenSSL's.
  package var signatureAlgorithms: [String] = []
  /// Accepted, or offered, in this order; empty for no ALPN.
  package var alpnProtocols: [String] = []
  package var certificates: [TLSCertificateSettings] = []
  package var validation: ValidationRules?
  /// Where session secrets are written for Wireshark (Envoy's key_log.path); nil for nowhere.
  package var keyLogPath: String?

  package init(maximumVersion: TLSVersion) { self.maximumVersion = maximumVersion }
}

/// A listener's side (Envoy's DownstreamTlsContext).
package struct ServerTLSSettings: Sendable {
  /// Envoy's default: TLS 1.2 to 1.3.
  package var common = CommonTLSSettings(maximumVersion: .tls13)
  package var requireClientCertificate = false
  /// Tickets, which need no memory here (not disable_stateless_session_resumption).
  package var sessionTickets = true
  /// Sessions kept here (not disable_stateful_session_resumption).
  package var sessionCache = true
  /// 80 bytes each, the first encrypts; empty for random ones of this context's own.
  package var sessionTicketKeys: [TLSKeyData] = []
  /// Nil for OpenSSL's.
  package var sessionTimeoutSeconds: Int?
  /// Look through all certificates where none has the name that the client asked for.
  package var fullScanCertificatesOnSNIMismatch = false
  /// Whether the server's order of ciphers counts (TLS 1.2): not prefer_client_ciphers.
  package var preferServerCiphers = true
  /// Names that tell this listener's sessions from another's with the same certificate (the filter chain's server_names).
  package var sessionContext: [UInt8] = []

  package init() {}
}

/// A cluster's side (Envoy's UpstreamTlsContext).
package struct ClientTLSSettings: Sendable {
  /// Envoy's default: TLS 1.2 alone; most configurations set 1.3.
  package var common = CommonTLSSettings(maximumVersion: .tls12)
  /// SNI for all sessions; ``TLSSessionOptions/serverName`` goes before it.
  package var serverName = ""
  /// Sessions kept for resumption; 0 for none.
  package var maxSessionKeys = 1

  package init() {}
}

/// What differs between the sessions of one context.
package struct TLSSessionOptions: Sendable {
  /// SNI; empty for the context's.
  package var serverName = ""
  /// In place of the configured matchers one of these must be a SAN of the peer's (auto_san_validation); empty for none.
  package var subjectAltNames: [String] = []
  /// Offered in place of the context's (the transport socket options' override); empty for the context's.
  package var alpnProtocols: [String] = []
  /// Whether its secrets go to the context's key log (Envoy's address ranges of key_log).
  package var logsKeys = true

  package init() {}
}
