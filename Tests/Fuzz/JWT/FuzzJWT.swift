import Reactor
import Security

/// A token of anybody's, from its text to the check of its signature by a key of each kind. It must do no harm.
func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 1 else { return 0 }
  let bytes = ByteView(start: data, count: count)
  guard let token = CompactToken(bytes) else {
    _ = VerificationKey(pem: bytes)
    return 0
  }
  let sections = [token.header, token.payload, token.signature].map { Base64URL.decode($0) }
  let key = sections[0].flatMap { keys($0, sections[1] ?? []) } ?? VerificationKey(secret: [1])
  guard let signature = sections[2] else { return 0 }
  for algorithm in SignatureAlgorithm.allCases { _ = key.verify(token.signingInput, signature, algorithm) }
  return 0
}

/// A key whose numbers are the token's sections: what a stranger's key set may hold.
private func keys(_ first: [UInt8], _ second: [UInt8]) -> VerificationKey? {
  // Long moduli only cost time.
  switch first.first.map({ $0 % 4 }) {
  case 0: first.count <= 512 ? VerificationKey(modulus: first, exponent: second) : nil
  case 1: VerificationKey(.p256, x: first, y: second)
  case 2: VerificationKey(.p521, x: first, y: second)
  default: VerificationKey(ed25519: first)
  }
}
