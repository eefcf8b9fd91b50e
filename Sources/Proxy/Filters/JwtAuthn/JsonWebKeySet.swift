import EnvoyConfig
import Reactor
import Security

/// The keys of an issuer (RFC 7517), read from JSON. Keys of kinds that sign no tokens are passed over.
final class JsonWebKeySet: Sendable {
  struct Key: Sendable {
    /// Empty: any.
    var keyID = ""
    var algorithm = ""
    let key: VerificationKey

    func isMeant(for token: JsonWebToken) -> Bool {
      if !keyID.isEmpty, !token.keyID.isEmpty, keyID != token.keyID { return false }
      return algorithm.isEmpty || algorithm == token.algorithm.rawValue
    }
  }

  let keys: [Key]

  /// - Throws: it is no set of keys, or none of its keys can be used.
  init(json text: [UInt8]) throws(JwtStatus) {
    guard let document = StructValue.parse(json: text), case .object = document else { throw .jwksBadJSON }
    guard let list = document["keys"] else { throw .jwksNoKeys }
    guard case .list(let elements) = list else { throw .jwksBadKeys }
    keys = elements.compactMap { Self.key($0) }
    if keys.isEmpty { throw .jwksNoValidKeys }
  }

  private static func key(_ value: StructValue) -> Key? {
    guard let key = material(value) else { return nil }
    var named = Key(key: key)
    named.keyID = value["kid"]?.text ?? ""
    named.algorithm = value["alg"]?.text ?? ""
    return named
  }

  private static func material(_ value: StructValue) -> VerificationKey? {
    switch value["kty"]?.text {
    case "RSA":
      guard let modulus = bytes(value["n"]), let exponent = bytes(value["e"]) else { return nil }
      return VerificationKey(modulus: modulus, exponent: exponent)
    case "EC":
      guard let curve = curve(value), let x = bytes(value["x"]), let y = bytes(value["y"]) else { return nil }
      return VerificationKey(curve, x: x, y: y)
    case "OKP":
      guard value["crv"]?.text == "Ed25519", let x = bytes(value["x"]) else { return nil }
      return VerificationKey(ed25519: x)
    case "oct": return bytes(value["k"]).map { VerificationKey(secret: $0) }
    default: return nil
    }
  }

  /// As Envoy: a key that names neither curve nor algorithm is of P-256.
  private static func curve(_ value: StructValue) -> VerificationKey.Curve? {
    let byAlgorithm: [String: VerificationKey.Curve] = ["ES256": .p256, "ES384": .p384, "ES512": .p521]
    guard let name = value["crv"]?.text else { return byAlgorithm[value["alg"]?.text ?? "ES256"] }
    return VerificationKey.Curve(rawValue: name)
  }

  private static func bytes(_ value: StructValue?) -> [UInt8]? {
    guard let text = value?.text else { return nil }
    return withBytes(text) { Base64URL.decode($0) }
  }
}
