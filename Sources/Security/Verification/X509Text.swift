import COpenSSL
import Reactor

/// Failed verifications for people: what, and on whose certificate.
enum X509Text {
  /// "certificate has expired (subject CN=a, expired 2026-01-01T00:00:00Z)".
  static func describe(_ chain: OpaquePointer, _ code: Int32) -> String {
    let what = String(cString: X509_verify_cert_error_string(Int(code)))
    guard let certificate = X509_STORE_CTX_get_current_cert(chain) else { return what }
    let depth = X509_STORE_CTX_get_error_depth(chain)
    return "\(what) (\(depth > 0 ? "depth \(depth), " : "")\(who(certificate))\(detail(certificate, code)))"
  }

  /// "subject CN=a"; a certificate without subject by its first name.
  static func who(_ certificate: OpaquePointer) -> String {
    let subject = X509Fields.subject(certificate)
    if !subject.isEmpty { return "subject \(shown(subject))" }
    guard let name = SubjectAltName.all(of: certificate).first else { return "a certificate without subject" }
    return "subject \(shown(name.value))"
  }

  private static func detail(_ certificate: OpaquePointer, _ code: Int32) -> String {
    switch code {
    case X509_V_ERR_CERT_HAS_EXPIRED: ", expired \(time(X509Fields.notAfter(certificate)))"
    case X509_V_ERR_CERT_NOT_YET_VALID: ", valid from \(time(X509Fields.notBefore(certificate)))"
    case X509_V_ERR_CERT_REVOKED: ", serial \(X509Fields.serialNumber(certificate))"
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      ", issuer \(shown(X509Fields.issuer(certificate)))"
    default: ""
    }
  }

  private static func time(_ seconds: Int64?) -> String {
    guard let seconds else { return "at a time that cannot be read" }
    let time = CivilTime(secondsSinceEpoch: seconds)
    return "\(time.date)T\(time.timeOfDay)Z"
  }

  /// A peer's text in a log line of ours: printable, and not endless.
  static func shown(_ text: String) -> String {
    let clean = String(String.UnicodeScalarView(text.unicodeScalars.prefix(256).map { $0.value < 0x20 ? "?" : $0 }))
    return text.unicodeScalars.count > 256 ? clean + "…" : clean
  }
}
