/// A certificate in use, as /certs shows it.
package struct CertificateStatus: Sendable {
  package var path = ""
  /// Lower-case hexadecimal.
  package var serialNumber = ""
  package var dnsNames: [String] = []
  package var uris: [String] = []
  package var ipAddresses: [String] = []
  package var daysUntilExpiration: Int64 = 0
  /// Seconds since 1970; nil where the certificate does not say.
  package var validFrom: Int64?
  package var expirationTime: Int64?

  package init() {}
}

/// The certificates of one TLS context.
package struct CertificatesStatus: Sendable {
  package var authorities: [CertificateStatus] = []
  package var chain: [CertificateStatus] = []

  package init() {}
}
