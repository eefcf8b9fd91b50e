import EnvoyConfig
import Reactor
import Security

/// A token that was read, and whose signature is not checked yet.
final class JsonWebToken {
  let algorithm: SignatureAlgorithm
  /// Empty where the token names no key.
  let keyID: String
  let issuer: String
  let subject: String
  let audiences: [String]
  /// Seconds since the epoch; 0 where there is none.
  let notBefore: UInt64
  let expiration: UInt64
  let header: StructValue
  let payload: StructValue
  /// The payload as it stood in the token.
  let encodedPayload: [UInt8]
  private let signingInput: [UInt8]
  private let signature: [UInt8]

  /// Reads a token, and finds fault in Envoy's order.
  init(_ text: ByteView) throws(JwtStatus) {
    guard let token = CompactToken(text) else { throw .badFormat }
    guard let headerText = Base64URL.decode(token.header) else { throw .headerBadBase64 }
    header = try Self.object(headerText, orThrow: .headerBadJSON)
    guard let name = header["alg"]?.text else { throw .headerBadAlg }
    guard let algorithm = SignatureAlgorithm(rawValue: name) else { throw .headerAlgNotSupported }
    self.algorithm = algorithm
    keyID = try Self.string(header["kid"], orThrow: .headerBadKid)
    guard let payloadText = Base64URL.decode(token.payload) else { throw .payloadBadBase64 }
    payload = try Self.object(payloadText, orThrow: .payloadBadJSON)
    issuer = try Self.string(payload["iss"], orThrow: .issNotString)
    subject = try Self.string(payload["sub"], orThrow: .subNotString)
    _ = try Self.seconds(payload["iat"], .iatNotInteger, .iatOutOfRange)
    notBefore = try Self.seconds(payload["nbf"], .nbfNotInteger, .nbfOutOfRange)
    expiration = try Self.seconds(payload["exp"], .expNotInteger, .expOutOfRange)
    _ = try Self.string(payload["jti"], orThrow: .jtiNotString)
    audiences = try Self.audiences(payload["aud"])
    guard let signature = Base64URL.decode(token.signature) else { throw .signatureBadBase64 }
    self.signature = signature
    encodedPayload = Array(token.payload.buffer)
    signingInput = Array(token.signingInput.buffer)
  }

  static func read(_ text: [UInt8]) throws(JwtStatus) -> JsonWebToken {
    let result = text.withUnsafeBytes { bytes in
      Result { () throws(JwtStatus) in try JsonWebToken(ByteView(bytes)) }
    }
    return try result.get()
  }

  /// - Parameter now, leeway: seconds.
  func checkTimes(now: UInt64, leeway: UInt64) throws(JwtStatus) {
    let (late, overflow) = now.addingReportingOverflow(leeway)
    if !overflow, late < notBefore { throw .notYetValid }
    if isExpired(now: now, leeway: leeway) { throw .expired }
  }

  func isExpired(now: UInt64, leeway: UInt64) -> Bool {
    let (end, overflow) = expiration.addingReportingOverflow(leeway)
    return expiration > 0 && !overflow && now > end
  }

  /// Looks for the key that made the signature.
  func checkSignature(_ keys: JsonWebKeySet) throws(JwtStatus) {
    var hasCandidate = false
    for key in keys.keys where key.isMeant(for: self) {
      hasCandidate = true
      if algorithm == .edDSA, key.key.fits(.edDSA), signature.count != 64 { throw .ed25519SignatureWrongLength }
      let isSigned = signingInput.withUnsafeBytes { key.key.verify(ByteView($0), signature, algorithm) }
      if isSigned { return }
    }
    throw hasCandidate ? .verificationFails : .kidAlgMismatch
  }

  private static func object(_ text: [UInt8], orThrow status: JwtStatus) throws(JwtStatus) -> StructValue {
    guard let value = StructValue.parse(json: text), case .object = value else { throw status }
    return value
  }

  private static func string(_ value: StructValue?, orThrow status: JwtStatus) throws(JwtStatus) -> String {
    guard let value else { return "" }
    guard let text = value.text else { throw status }
    return text
  }

  /// As Envoy: a fraction is cut off, what no unsigned 64-bit number can hold is out of range.
  private static func seconds(
    _ value: StructValue?, _ notInteger: JwtStatus, _ outOfRange: JwtStatus
  ) throws(JwtStatus) -> UInt64 {
    guard let value else { return 0 }
    guard case .number(let number) = value else { throw notInteger }
    guard number >= 0, let seconds = UInt64(exactly: number.rounded(.towardZero)) else { throw outOfRange }
    return seconds
  }

  private static func audiences(_ value: StructValue?) throws(JwtStatus) -> [String] {
    switch value {
    case nil: return []
    case .string(let text, _): return [text]
    case .list(let elements):
      var texts: [String] = []
      for element in elements {
        guard let text = element.text else { throw .audNotString }
        texts.append(text)
      }
      return texts
    default: throw .audNotString
    }
  }
}
