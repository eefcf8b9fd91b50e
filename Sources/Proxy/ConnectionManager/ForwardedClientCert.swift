import EnvoyConfig
import Security

/// An element of `x-forwarded-client-cert`: what we say of the certificate that a client showed us.
///
/// As Envoy writes it, but for one thing: a URI or DNS name that holds one of the header's own separators stands in quotes,
/// and control characters in percent encoding. Envoy leaves them as they are, and so a certificate's owner could write
/// further elements, which are other people's identities.
struct ForwardedClientCert: Sendable {
  let details: HttpConnectionManager.SetCurrentClientCertDetails

  func element(of peer: PeerCertificate, shownTo local: CertificateDetails?) -> String {
    var parts: [String] = []
    for name in local?.subjectAltNames ?? [] where name.kind == .uri { parts.append("By=\(Self.value(name.value))") }
    parts.append("Hash=\(peer.sha256Digest)")
    if details.cert { parts.append("Cert=\"\(peer.urlEncodedPEM)\"") }
    if details.chain { parts.append("Chain=\"\(peer.urlEncodedPEMChain)\"") }
    if details.subject { parts.append("Subject=\(Self.quoted(peer.subject))") }
    if details.uri {
      parts += peer.uriSANs.map { "URI=\(Self.value($0))" }
      if peer.uriSANs.isEmpty { parts.append("URI=") }
    }
    if details.dns { parts += peer.dnsSANs.map { "DNS=\(Self.value($0))" } }
    if details.issuer { parts.append("Issuer=\(Self.quoted(peer.issuer))") }
    return parts.joined(separator: ";")
  }

  /// A name as it is, where the header's syntax cannot take it for anything else.
  private static func value(_ name: String) -> String {
    let printable = escapingControls(name)
    let needsQuotes = printable.utf8.contains { byte in
      switch byte {
      case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: " "): true
      default: false
      }
    }
    if !needsQuotes { return printable }
    var text = "\""
    for character in printable.unicodeScalars {
      if character == "\"" || character == "\\" { text.unicodeScalars.append("\\") }
      text.unicodeScalars.append(character)
    }
    return text + "\""
  }

  /// A distinguished name of RFC 2253, in which quotes are escaped already.
  private static func quoted(_ name: String) -> String { "\"\(escapingControls(name))\"" }

  /// No byte of a certificate may end the field.
  private static func escapingControls(_ text: String) -> String {
    if !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) { return text }
    var escaped = ""
    for character in text.unicodeScalars {
      if character.value < 0x20 || character.value == 0x7f {
        let digits = String(character.value, radix: 16, uppercase: true)
        escaped += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
      } else {
        escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }
}
