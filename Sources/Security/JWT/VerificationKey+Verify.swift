import COpenSSL
import Reactor

extension VerificationKey {
  /// Whether the algorithm works with this kind of key. As Envoy, and other than RFC 7518 §3.4, any ECDSA algorithm with any
  /// curve: the signature is as long as the curve's, the digest is the algorithm's.
  package func fits(_ algorithm: SignatureAlgorithm) -> Bool {
    switch (material, algorithm.scheme) {
    case (.rsa, .rsa), (.rsa, .rsaPSS), (.ec, .ecdsa), (.ed25519, .edDSA), (.secret, .hmac): true
    default: false
    }
  }

  /// Whether `signature` is over `input` by this key. Whatever is wrong is a no.
  package func verify(_ input: ByteView, _ signature: [UInt8], _ algorithm: SignatureAlgorithm) -> Bool {
    guard fits(algorithm) else { return false }
    defer { ERR_clear_error() }
    switch material {
    case .secret(let secret): return verifyHMAC(input, signature, algorithm, secret)
    case .ec(let curve):
      guard let der = derSignature(signature, curve) else { return false }
      return verifyDigest(input, der, algorithm)
    case .rsa, .ed25519: return verifyDigest(input, signature, algorithm)
    }
  }

  private func verifyDigest(_ input: ByteView, _ signature: [UInt8], _ algorithm: SignatureAlgorithm) -> Bool {
    guard let context = EVP_MD_CTX_new() else { return false }
    defer { EVP_MD_CTX_free(context) }
    var details: OpaquePointer?
    guard EVP_DigestVerifyInit(context, &details, algorithm.digest, nil, handle) == 1 else { return false }
    if algorithm.scheme == .rsaPSS {
      guard EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING) > 0,
        EVP_PKEY_CTX_set_rsa_pss_saltlen(details, RSA_PSS_SALTLEN_DIGEST) > 0
      else { return false }
    }
    return EVP_DigestVerify(context, signature, signature.count, input.start, input.count) == 1
  }

  private func verifyHMAC(
    _ input: ByteView, _ signature: [UInt8], _ algorithm: SignatureAlgorithm, _ secret: [UInt8]
  ) -> Bool {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    guard let length = Int32(exactly: secret.count),
      HMAC(algorithm.digest, secret, length, input.start, input.count, &digest, &count) != nil,
      signature.count == Int(count)
    else { return false }
    return CRYPTO_memcmp(signature, digest, signature.count) == 0
  }

  /// Tokens carry r and s one after the other (RFC 7518 §3.4), OpenSSL wants them as ASN.1.
  private func derSignature(_ signature: [UInt8], _ curve: Curve) -> [UInt8]? {
    let width = curve.coordinateBytes
    guard signature.count == 2 * width, let pair = ECDSA_SIG_new() else { return nil }
    defer { ECDSA_SIG_free(pair) }
    let (r, s) = signature.withUnsafeBufferPointer { bytes -> (OpaquePointer?, OpaquePointer?) in
      guard let start = bytes.baseAddress else { return (nil, nil) }
      return (BN_bin2bn(start, Int32(width), nil), BN_bin2bn(start + width, Int32(width), nil))
    }
    guard let r, let s, ECDSA_SIG_set0(pair, r, s) == 1 else {
      BN_free(r)
      BN_free(s)
      return nil
    }
    var der: UnsafeMutablePointer<UInt8>?
    let count = i2d_ECDSA_SIG(pair, &der)
    guard count > 0, let der else { return nil }
    defer { pl_tls_free(der) }
    return Array(UnsafeBufferPointer(start: der, count: Int(count)))
  }
}
