/// `envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext`: what a peer's certificate must be.
package struct CertificateValidationContext: Sendable {
  package enum TrustChainVerification: Sendable {
    case verifyTrustChain
    /// A certificate that fails verification is counted, and let in.
    case acceptUntrusted
  }

  /// PEM; may hold revocation lists too.
  package var trustedCa: DataSource?
  /// Of a secret from a file: what announces changes, in place of the directory of `trustedCa`.
  package var watchedDirectory: WatchedDirectory?
  /// SHA-256 of the public key (SPKI); any of them suffices.
  package var verifyCertificateSpki: [CertificateDigest] = []
  /// SHA-256 of the certificate; any of them suffices, or any of `verifyCertificateSpki`.
  package var verifyCertificateHash: [CertificateDigest] = []
  /// Any of them suffices. The deprecated `match_subject_alt_names` arrives as one for each type, unless this is given.
  package var matchTypedSubjectAltNames: [SubjectAltNameMatcher] = []
  /// PEM.
  package var crl: DataSource?
  package var allowExpiredCertificate = false
  package var trustChainVerification = TrustChainVerification.verifyTrustChain
  package var onlyVerifyLeafCertCrl = false
  /// At most 100; OpenSSL's own limit when absent.
  package var maxVerifyDepth: UInt32?
  /// Whether a server's request for a client certificate names no authorities.
  package var suppressClientCaList = false
  package var origin = SourceLocation.none

  package init() {}
}

/// A SHA-256 digest of a certificate or its key: 32 bytes.
package struct CertificateDigest: Sendable, Hashable {
  package static let byteCount = 32
  package let bytes: [UInt8]

  /// From hexadecimal digits, with or without a colon between bytes; nil when they are no digest.
  package init?(hex text: String) {
    let text = Array(text.utf8)
    let digits = text.count == Self.byteCount * 2 ? text : Self.withoutColons(text)
    guard let digits, digits.count == Self.byteCount * 2 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = Self.value(digits[index]), let low = Self.value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  /// From base64; nil when it is no digest.
  package init?(base64 text: String) {
    guard let bytes = ScalarText.base64(Array(text.utf8)[...]), bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  private static func withoutColons(_ text: [UInt8]) -> [UInt8]? {
    guard text.count == byteCount * 3 - 1 else { return nil }
    var digits: [UInt8] = []
    for (index, byte) in text.enumerated() {
      if index % 3 == 2 {
        if byte != UInt8(ascii: ":") { return nil }
      } else {
        digits.append(byte)
      }
    }
    return digits
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

/// `envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher`.
package struct SubjectAltNameMatcher: Sendable {
  package enum SanType: Sendable, CaseIterable {
    case email
    case dns
    case uri
    case ipAddress
  }

  package var sanType = SanType.dns
  package var matcher = StringMatcher()
  package var origin = SourceLocation.none

  package init() {}
}
