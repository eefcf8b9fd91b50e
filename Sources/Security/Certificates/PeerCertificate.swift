import COpenSSL

/// The peer's certificate and what it says; each field is worked out when it is first asked for, and kept.
/// Lives on its session's thread.
package final class PeerCertificate {
  private let certificate: OpaquePointer
  /// Further certificates that the peer sent; borrowed from the session, which outlives this object's use of it.
  private let chain: [OpaquePointer]

  /// - Parameter certificate: takes a reference of its own, as of each of `chain`.
  init(_ certificate: OpaquePointer, chain: [OpaquePointer]) {
    X509_up_ref(certificate)
    for link in chain { X509_up_ref(link) }
    self.certificate = certificate
    self.chain = chain
  }

  deinit {
    X509_free(certificate)
    for link in chain { X509_free(link) }
  }

  /// RFC 2253: "CN=client one,O=Org\, Inc".
  package private(set) lazy var subject = X509Fields.subject(certificate)
  package private(set) lazy var issuer = X509Fields.issuer(certificate)
  package private(set) lazy var subjectAltNames = SubjectAltName.all(of: certificate)
  package private(set) lazy var uriSANs = names(.uri)
  package private(set) lazy var dnsSANs = names(.dns)
  package private(set) lazy var ipSANs = names(.ip)
  package private(set) lazy var emailSANs = names(.email)
  /// Lower-case hexadecimal.
  package private(set) lazy var serialNumber = X509Fields.serialNumber(certificate)
  /// Seconds since 1970.
  package private(set) lazy var notBefore = X509Fields.notBefore(certificate)
  package private(set) lazy var notAfter = X509Fields.notAfter(certificate)
  /// Of the DER, in lower-case hexadecimal (Envoy's fingerprints, and the Hash of x-forwarded-client-cert).
  package private(set) lazy var sha256Digest = X509Fields.hex(X509Fields.digest(certificate, EVP_sha256()))
  package private(set) lazy var sha1Digest = X509Fields.hex(X509Fields.digest(certificate, EVP_sha1()))
  /// Of all that the peer sent, its own certificate first.
  package private(set) lazy var chainSHA256Digests = all.map { X509Fields.hex(X509Fields.digest($0, EVP_sha256())) }
  package private(set) lazy var chainSHA1Digests = all.map { X509Fields.hex(X509Fields.digest($0, EVP_sha1())) }
  package private(set) lazy var chainSerialNumbers = all.map(X509Fields.serialNumber)
  package private(set) lazy var pem = X509Fields.pem(certificate)
  /// All that the peer sent, its own certificate first.
  package private(set) lazy var pemChain = pem + chain.map(X509Fields.pem).joined()
  /// As x-forwarded-client-cert and the access log carry them: one line.
  package private(set) lazy var urlEncodedPEM = Self.urlEncoded(pem)
  package private(set) lazy var urlEncodedPEMChain = Self.urlEncoded(pemChain)

  private var all: [OpaquePointer] { [certificate] + chain }

  private func names(_ kind: SubjectAltNameMatcher.Kind) -> [String] {
    subjectAltNames.filter { $0.kind == kind }.map(\.value)
  }

  /// The characters of PEM that a URL does not take, as Envoy escapes them.
  private static func urlEncoded(_ pem: String) -> String {
    var text = ""
    text.reserveCapacity(pem.utf8.count * 5 / 4)
    for character in pem.unicodeScalars {
      switch character {
      case "\n": text += "%0A"
      case " ": text += "%20"
      case "+": text += "%2B"
      case "/": text += "%2F"
      case "=": text += "%3D"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }
}
