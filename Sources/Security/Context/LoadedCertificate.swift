import COpenSSL

/// A certificate of ours with its chain and key, read and found fit to be used; released with its owner.
final class LoadedCertificate {
  /// Own certificate first.
  let chain: [OpaquePointer]
  let key: OpaquePointer
  let source: String

  init(_ settings: TLSCertificateSettings) throws(TLSConfigurationError) {
    switch settings.content {
    case .pem(let chain, let key):
      source = chain.source
      self.chain = try PEMReader.certificates(chain, .certificateChain, "certificate chain")
      do {
        self.key = try PEMReader.privateKey(key, password: settings.password)
      } catch {
        for certificate in self.chain { X509_free(certificate) }
        throw error
      }
    case .pkcs12(let data):
      source = data.source
      (chain, key) = try PEMReader.pkcs12(data, password: settings.password)
    }
    try check(keySource: settings.keySource)
  }

  deinit {
    for certificate in chain { X509_free(certificate) }
    EVP_PKEY_free(key)
  }

  var leaf: OpaquePointer { chain[0] }

  var isECDSA: Bool { EVP_PKEY_get_base_id(key) == EVP_PKEY_EC }

  /// The key is the certificate's, and strong enough by Envoy's rule.
  private func check(keySource: String) throws(TLSConfigurationError) {
    ERR_clear_error()
    guard X509_check_private_key(leaf, key) == 1 else {
      ERR_clear_error()
      throw TLSConfigurationError(
        .keyMismatch,
        "Failed to load private key from \(keySource), Cause: it is not the key of the certificate in \(source)")
    }
    switch EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_RSA where EVP_PKEY_get_bits(key) < 2048:
      throw TLSConfigurationError(
        .certificateType,
        "Failed to load certificate chain from \(source), only RSA certificates with 2048-bit or larger keys are supported"
      )
    case EVP_PKEY_EC where !Self.isSupportedCurve(key):
      throw TLSConfigurationError(
        .certificateType,
        "Failed to load certificate chain from \(source), only P-256, P-384 or P-521 ECDSA certificates are supported")
    default: break
    }
  }

  private static func isSupportedCurve(_ key: OpaquePointer) -> Bool {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { room in
      guard EVP_PKEY_get_group_name(key, room.baseAddress, room.count, nil) == 1, let start = room.baseAddress else {
        return false
      }
      return ["prime256v1", "secp384r1", "secp521r1", "P-256", "P-384", "P-521"].contains(String(cString: start))
    }
  }
}

extension TLSCertificateSettings {
  fileprivate var keySource: String {
    switch content {
    case .pem(_, let key): key.source
    case .pkcs12(let data): data.source
    }
  }
}
