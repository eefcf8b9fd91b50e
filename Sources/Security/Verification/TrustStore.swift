import COpenSSL

/// The trusted certificates and revocation lists of a context as OpenSSL's X509_STORE.
enum TrustStore {
  /// The caller owns the store.
  static func make(
    _ trusted: TLSData, crl: TLSData?, onlyLeafCRL: Bool
  ) throws(TLSConfigurationError) -> (store: OpaquePointer, certificates: [CertificateDetails]) {
    let found = try PEMReader.certificates(trusted, .trustedCA, "trusted CA certificates")
    defer { for certificate in found { X509_free(certificate) } }
    // As Envoy: lists that stand beside the authorities count as well.
    var lists = try PEMReader.furtherRevocationLists(trusted)
    defer { for list in lists { X509_CRL_free(list) } }
    if let crl { lists += try PEMReader.revocationLists(crl) }
    guard let store = X509_STORE_new() else { throw TLSConfigurationError(.outOfMemory, "no memory for a trust store") }
    for certificate in found { X509_STORE_add_cert(store, certificate) }
    for list in lists { X509_STORE_add_crl(store, list) }
    // As Envoy: a chain may end at any certificate that is trusted, an intermediate or the peer's own too.
    var flags = X509_V_FLAG_PARTIAL_CHAIN
    if !lists.isEmpty { flags |= X509_V_FLAG_CRL_CHECK | (onlyLeafCRL ? 0 : X509_V_FLAG_CRL_CHECK_ALL) }
    X509_STORE_set_flags(store, UInt(flags))
    return (store, found.map { CertificateDetails($0, path: trusted.source) })
  }
}
