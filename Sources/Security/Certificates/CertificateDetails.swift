import COpenSSL

/// What `/certs` and the access log say about a certificate of our own or one that we trust.
package struct CertificateDetails: Sendable {
  /// Where it was read from.
  package let path: String
  /// RFC 2253.
  package let subject: String
  package let subjectAltNames: [SubjectAltName]
  /// Lower-case hexadecimal.
  package let serialNumber: String
  /// Seconds since 1970; nil for a time that is none.
  package let validFrom: Int64?
  package let expirationTime: Int64?

  package init(_ certificate: OpaquePointer, path: String) {
    self.path = path
    subject = X509Fields.subject(certificate)
    subjectAltNames = SubjectAltName.all(of: certificate)
    serialNumber = X509Fields.serialNumber(certificate)
    validFrom = X509Fields.notBefore(certificate)
    expirationTime = X509Fields.notAfter(certificate)
  }

  /// Whole days from `now` (seconds since 1970) on; 0 once it is expired.
  package func daysUntilExpiration(now: Int64) -> Int64 {
    guard let expirationTime, expirationTime > now else { return 0 }
    return (expirationTime - now) / 86_400
  }
}
