import Reactor
import Testing

@testable import Security

private func decode(_ text: String) throws -> [UInt8] {
  var text = text
  return try #require(text.withUTF8 { Base64URL.decode(ByteView(UnsafeRawBufferPointer($0))) })
}

private func withView<R>(_ text: String, _ body: (ByteView) throws -> R) rethrows -> R {
  var text = text
  return try text.withUTF8 { try body(ByteView(UnsafeRawBufferPointer($0))) }
}

private func makeKey(_ algorithm: SignatureAlgorithm) throws -> VerificationKey {
  let key: VerificationKey?
  switch algorithm.scheme {
  case .rsa, .rsaPSS:
    key = VerificationKey(modulus: try decode(TokenSamples.modulus), exponent: try decode(TokenSamples.exponent))
  case .ecdsa:
    let curves: [SignatureAlgorithm: VerificationKey.Curve] = [.es256: .p256, .es384: .p384, .es512: .p521]
    let point = try #require(TokenSamples.points[algorithm.rawValue])
    key = VerificationKey(try #require(curves[algorithm]), x: try decode(point.x), y: try decode(point.y))
  case .edDSA: key = VerificationKey(ed25519: try decode(TokenSamples.ed25519))
  case .hmac: key = VerificationKey(secret: try decode(TokenSamples.secret))
  }
  return try #require(key)
}

@Suite struct VerificationKeyTests {
  @Test(arguments: SignatureAlgorithm.allCases)
  func othersSignaturesAreVerified(algorithm: SignatureAlgorithm) throws {
    let key = try makeKey(algorithm)
    let signature = try decode(try #require(TokenSamples.signatures[algorithm.rawValue]))
    let input = try #require(TokenSamples.signingInputs[algorithm.rawValue])
    #expect(withView(input) { key.verify($0, signature, algorithm) })
    #expect(!withView(input + "x") { key.verify($0, signature, algorithm) })
  }

  @Test(arguments: SignatureAlgorithm.allCases)
  func aChangeOfAnyByteIsSeen(algorithm: SignatureAlgorithm) throws {
    let key = try makeKey(algorithm)
    let signature = try decode(try #require(TokenSamples.signatures[algorithm.rawValue]))
    let input = try #require(TokenSamples.signingInputs[algorithm.rawValue])
    for index in signature.indices {
      var changed = signature
      changed[index] ^= 1
      #expect(!withView(input) { key.verify($0, changed, algorithm) })
    }
    for count in [0, 1, signature.count - 1] {
      #expect(!withView(input) { key.verify($0, Array(signature.prefix(count)), algorithm) })
    }
    #expect(!withView(input) { key.verify($0, signature + [0], algorithm) })
  }

  @Test func aKeyServesItsOwnKindOfAlgorithmOnly() throws {
    for own in SignatureAlgorithm.allCases {
      let key = try makeKey(own)
      for other in SignatureAlgorithm.allCases {
        let schemes = [own, other].map { $0.scheme == .rsaPSS ? .rsa : $0.scheme }
        let isSame = schemes[0] == schemes[1]
        #expect(key.fits(other) == isSame, "\(own) \(other)")
      }
    }
  }

  @Test func aPublicKeyIsReadFromPEM() throws {
    let key = try #require(withView(TokenSamples.pemOfES256) { VerificationKey(pem: $0) })
    let signature = try decode(try #require(TokenSamples.signatures["ES256"]))
    let input = try #require(TokenSamples.signingInputs["ES256"])
    #expect(withView(input) { key.verify($0, signature, .es256) })
    #expect(withView("nonsense") { VerificationKey(pem: $0) } == nil)
  }

  @Test func numbersThatAreNoKeyAreRefused() {
    #expect(VerificationKey(modulus: [], exponent: [1, 0, 1]) == nil)
    #expect(VerificationKey(modulus: [UInt8](repeating: 0, count: 256), exponent: [1, 0, 1]) == nil)
    #expect(VerificationKey(modulus: [UInt8](repeating: 255, count: 256), exponent: [1]) == nil)
    #expect(VerificationKey(modulus: [UInt8](repeating: 255, count: 4096), exponent: [3]) == nil)
    #expect(VerificationKey(.p256, x: [1], y: [1]) == nil)
    #expect(VerificationKey(.p256, x: [], y: [1]) == nil)
    #expect(VerificationKey(.p256, x: [UInt8](repeating: 1, count: 33), y: [1]) == nil)
    #expect(VerificationKey(ed25519: [1]) == nil)
  }

  @Test func coordinatesMayBeShorterOrLonger() throws {
    let point = try #require(TokenSamples.points["ES256"])
    let x = try decode(point.x)
    #expect(VerificationKey(.p256, x: [0, 0] + x, y: try decode(point.y)) != nil)
  }
}

@Suite struct Base64URLTests {
  @Test(arguments: [
    ("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob"), ("Zm9vYmE=", "fooba"), ("Zg==", "f"),
    ("Z g\t=\n=", "f"),
  ])
  func itIsRead(text: String, meaning: String) throws {
    #expect(try decode(text) == Array(meaning.utf8))
  }

  @Test(arguments: ["Z", "Zm9vY", "Zg=", "Zg===", "Z===", "=", "Zm+v", "Zm/v", "Zmé", "Z=g="])
  func whatIsNoneIsRefused(text: String) {
    #expect(withView(text) { Base64URL.decode($0) } == nil)
  }

  @Test func bothOtherCharactersAreTheAlphabetOfURLs() throws {
    #expect(try decode("-_-_") == [0xfb, 0xff, 0xbf])
  }
}

@Suite struct CompactTokenTests {
  @Test func threeSectionsAreSplit() throws {
    try withView("aa.bbb.c") { text in
      let token = try #require(CompactToken(text))
      #expect(token.header.buffer.elementsEqual("aa".utf8))
      #expect(token.payload.buffer.elementsEqual("bbb".utf8))
      #expect(token.signature.buffer.elementsEqual("c".utf8))
      #expect(token.signingInput.buffer.elementsEqual("aa.bbb".utf8))
    }
  }

  @Test(arguments: ["", ".", "..", "a", "a.b", "a.b.", ".b.c", "a..c", "a.b.c.", "a.b.c.d", "...."])
  func anythingElseIsNone(text: String) {
    #expect(withView(text) { CompactToken($0) == nil })
  }
}
