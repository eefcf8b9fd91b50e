/// What a peer's certificate must fulfil (Envoy's CertificateValidationContext).
package struct ValidationRules: Sendable {
  package enum TrustChainVerification: Sendable {
    /// VERIFY_TRUST_CHAIN
    case verify
    /// ACCEPT_UNTRUSTED: failures are noted, and forgiven.
    case acceptUntrusted
  }

  /// PEM certificates that chains must end in; nil for chains that are not checked.
  package var trustedCA: TLSData?
  /// Whether a server's request for a certificate leaves out which authorities it trusts.
  package var suppressesClientCAList = false
  /// PEM revocation lists of the authorities in the chain.
  package var crl: TLSData?
  package var onlyVerifyLeafCertCRL = false
  /// One of them must match a SAN; empty for any.
  package var subjectAltNameMatchers: [SubjectAltNameMatcher] = []
  /// SHA-256 of the certificate: 32 bytes each. A certificate must be among these or ``certificateSPKIs``.
  package var certificateHashes: [[UInt8]] = []
  /// SHA-256 of the certificate's public key (SubjectPublicKeyInfo): 32 bytes each.
  package var certificateSPKIs: [[UInt8]] = []
  package var allowExpiredCertificate = false
  package var trustChainVerification = TrustChainVerification.verify
  /// Certificates between the peer's and the trusted one; nil for OpenSSL's 100.
  package var maxVerifyDepth: Int?

  package init() {}
}

/// A condition on one SAN.
package struct SubjectAltNameMatcher: Sendable {
  package enum Kind: Sendable { case uri, dns, ip, email }

  package enum Condition: Sendable {
    /// The name itself; for DNS, names of the certificate with a wildcard match too (``DNSName``).
    case exact(String)
    /// What the predicate asks for, in words that differ where it does: sessions are resumed by them.
    case matches(definition: String, @Sendable (String) -> Bool)
  }

  package let kind: Kind
  package let condition: Condition

  package init(_ kind: Kind, _ condition: Condition) {
    self.kind = kind
    self.condition = condition
  }

  func matches(_ name: SubjectAltName) -> Bool {
    guard name.kind == kind else { return false }
    switch condition {
    case .exact(let value): return kind == .dns ? DNSName.matches(value, pattern: name.value) : value == name.value
    case .matches(_, let predicate): return predicate(name.value)
    }
  }
}
