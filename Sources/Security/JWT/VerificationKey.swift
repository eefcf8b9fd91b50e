import COpenSSL
import Reactor

/// A key that can check tokens' signatures.
///
/// `@unchecked Sendable`: it never changes after `init`, and OpenSSL lets several threads verify with one `EVP_PKEY`.
package final class VerificationKey: @unchecked Sendable {
  /// The curves of ECDSA, with a coordinate's length in bytes.
  package enum Curve: String, Sendable {
    case p256 = "P-256"
    case p384 = "P-384"
    case p521 = "P-521"

    package var coordinateBytes: Int {
      switch self {
      case .p256: 32
      case .p384: 48
      case .p521: 66
      }
    }
  }

  enum Material {
    case rsa
    case ec(Curve)
    case ed25519
    /// The secret of an HMAC.
    case secret([UInt8])
  }

  let material: Material
  /// Nil for a secret.
  let handle: OpaquePointer?

  private init(_ material: Material, _ handle: OpaquePointer?) {
    self.material = material
    self.handle = handle
  }

  deinit {
    EVP_PKEY_free(handle)
    if case .secret(var bytes) = material { bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
  }

  /// An RSA key by its numbers, big-endian; nil where they are none of a key's, or have more than 16,384 bits.
  package convenience init?(modulus: [UInt8], exponent: [UInt8]) {
    guard 1...2048 ~= modulus.count, 1...2048 ~= exponent.count,
      let n = BN_bin2bn(modulus, Int32(modulus.count), nil)
    else { return nil }
    defer { BN_free(n) }
    guard let e = BN_bin2bn(exponent, Int32(exponent.count), nil) else { return nil }
    defer { BN_free(e) }
    guard BN_num_bits(n) >= 512, BN_is_odd(n) == 1, BN_is_odd(e) == 1, BN_num_bits(e) > 1,
      let key = pl_RSA_public_key(n, e)
    else {
      ERR_clear_error()
      return nil
    }
    self.init(.rsa, key)
  }

  /// A point of a curve by its coordinates, big-endian; nil where it does not lie on the curve.
  package convenience init?(_ curve: Curve, x: [UInt8], y: [UInt8]) {
    let width = curve.coordinateBytes
    guard let left = Self.pad(x, to: width), let right = Self.pad(y, to: width) else { return nil }
    let point = [4] + left + right
    guard let key = pl_EC_public_key(curve.rawValue, point, point.count) else {
      ERR_clear_error()
      return nil
    }
    self.init(.ec(curve), key)
  }

  /// An Ed25519 key: 32 bytes.
  package convenience init?(ed25519 bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count) else {
      ERR_clear_error()
      return nil
    }
    self.init(.ed25519, key)
  }

  /// The secret of an HMAC.
  package convenience init(secret: [UInt8]) { self.init(.secret(secret), nil) }

  /// A public key or certificate as PEM text; nil where it is neither, or of a kind that signs no tokens.
  package convenience init?(pem: ByteView) {
    guard let bio = try? MemoryBIO(reading: pem.buffer) else { return nil }
    defer { ERR_clear_error() }
    var key = PEM_read_bio_PUBKEY(bio.handle, nil, { _, _, _, _ in -1 }, nil)
    if key == nil, let again = try? MemoryBIO(reading: pem.buffer),
      let certificate = PEM_read_bio_X509(again.handle, nil, { _, _, _, _ in -1 }, nil)
    {
      key = X509_get_pubkey(certificate)
      X509_free(certificate)
    }
    guard let key else { return nil }
    guard let material = Self.material(of: key) else {
      EVP_PKEY_free(key)
      return nil
    }
    self.init(material, key)
  }

  private static func material(of key: OpaquePointer) -> Material? {
    switch EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_RSA: return .rsa
    case EVP_PKEY_ED25519: return .ed25519
    case EVP_PKEY_EC:
      return switch EVP_PKEY_get_bits(key) {
      case 256: .ec(.p256)
      case 384: .ec(.p384)
      case 521: .ec(.p521)
      default: nil
      }
    default: return nil
    }
  }

  private static func pad(_ number: [UInt8], to width: Int) -> [UInt8]? {
    let significant = number.drop { $0 == 0 }
    guard significant.count <= width, !number.isEmpty else { return nil }
    return [UInt8](repeating: 0, count: width - significant.count) + significant
  }
}
