import COpenSSL

/// What kind of key to make.
package enum KeyKind: Equatable, Sendable {
  /// ECDSA on NIST's P-256: Istio's and SPIFFE's choice for workloads.
  case p256
  /// RSA with a modulus of so many bits.
  case rsa(bits: UInt32)
}

/// A private key. It never leaves as text but by ``pem()``.
package final class SigningKey {
  let handle: OpaquePointer

  private init(handle: OpaquePointer) { self.handle = handle }

  package convenience init(generating kind: KeyKind) throws(AuthorityError) {
    let key =
      switch kind {
      case .p256: pl_EVP_EC_gen("P-256")
      case .rsa(let bits): pl_EVP_RSA_gen(bits)
      }
    guard let key else { throw AuthorityError(openSSL: "the key cannot be made") }
    self.init(handle: key)
  }

  /// Reads the first private key of a PEM file; one with a passphrase is refused.
  package convenience init(pem: UnsafeRawBufferPointer) throws(AuthorityError) {
    let bio = try MemoryBIO(reading: pem)
    // Without a callback OpenSSL would ask for the passphrase on the terminal.
    guard let key = PEM_read_bio_PrivateKey(bio.handle, nil, { _, _, _, _ in -1 }, nil) else {
      throw AuthorityError(openSSL: "holds no private key that can be read")
    }
    self.init(handle: key)
  }

  deinit { EVP_PKEY_free(handle) }

  /// As PKCS #8, without a passphrase.
  package func pem() throws(AuthorityError) -> KeyBytes {
    let bio = try MemoryBIO()
    guard PEM_write_bio_PKCS8PrivateKey(bio.handle, handle, nil, nil, 0, nil, nil) == 1 else {
      throw AuthorityError(openSSL: "the key cannot be written")
    }
    return bio.withWritten { KeyBytes(copying: $0) }
  }

  /// Whether it is this certificate's key.
  package func belongs(to certificate: SignedCertificate) -> Bool {
    let matches = X509_check_private_key(certificate.handle, handle) == 1
    ERR_clear_error()
    return matches
  }

  package var kind: KeyKind { EVP_PKEY_get_base_id(handle) == EVP_PKEY_RSA ? .rsa(bits: bits) : .p256 }

  /// "EC P-256", "RSA 2048".
  package var description: String { describePublicKey(handle) }

  private var bits: UInt32 { UInt32(clamping: EVP_PKEY_get_bits(handle)) }
}

/// A key's kind and size, as people say them.
func describePublicKey(_ key: OpaquePointer) -> String {
  let bits = EVP_PKEY_get_bits(key)
  switch EVP_PKEY_get_base_id(key) {
  case EVP_PKEY_RSA: return "RSA \(bits)"
  case EVP_PKEY_ED25519: return "Ed25519"
  case EVP_PKEY_EC: return describeCurve(key) ?? "EC \(bits)"
  default: return EVP_PKEY_get0_type_name(key).map { "\(String(cString: $0)) \(bits)" } ?? "unknown"
  }
}

private func describeCurve(_ key: OpaquePointer) -> String? {
  var name = [CChar](repeating: 0, count: 64)
  guard EVP_PKEY_get_group_name(key, &name, name.count, nil) == 1 else { return nil }
  let curve = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
  guard let curve else { return nil }
  let known = ["prime256v1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"]
  return "EC \(known[curve] ?? curve)"
}
