import COpenSSL
import HTTP
import Reactor
import Security
import Testing

@testable import Proxy

/// Tokens and keys of tests: HMAC, which needs no key pair.
enum JwtSample {
  static let now: UInt64 = 1_795_239_600
  static let secret = Array("a secret for tests".utf8)

  static func keySet(_ more: String = "") throws -> JsonWebKeySet {
    let text = #"{"keys":[{"kty":"oct","k":"\#(base64URL(secret))"\#(more)}]}"#
    return try JsonWebKeySet(json: Array(text.utf8))
  }

  static func token(
    _ payload: String = #"{"iss":"issuer"}"#, header: String = #"{"alg":"HS256"}"#, isForged: Bool = false
  ) -> String {
    let input = base64URL(Array(header.utf8)) + "." + base64URL(Array(payload.utf8))
    return input + "." + base64URL(sign(input, with: isForged ? secret + [1] : secret))
  }

  static func sign(_ text: String, with secret: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 0
    let bytes = Array(text.utf8)
    _ = HMAC(EVP_sha256(), secret, Int32(secret.count), bytes, bytes.count, &digest, &count)
    return digest
  }

  static func base64URL(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    var output = ""
    var bits = 0
    var width = 0
    for byte in bytes {
      bits = (bits << 8 | Int(byte)) & 0xffff
      width += 8
      while width >= 6 {
        width -= 6
        output.append(alphabet[bits >> width & 63])
      }
    }
    if width > 0 { output.append(alphabet[bits << (6 - width) & 63]) }
    return output
  }

  static func request(_ headers: [(String, String)] = [], path: String = "/") -> HeaderMap {
    let map = HeaderMap()
    withBytes(path) { map.add(.path, $0) }
    for (name, value) in headers { withBytes(name) { name in withBytes(value) { map.add(named: name, $0) } } }
    return map
  }

  static func bearer(_ token: String) -> [(String, String)] { [("authorization", "Bearer " + token)] }

  static func provider(_ name: String = "p", issuer: String = "issuer") throws -> JwtProviderInfo {
    var provider = JwtProviderInfo()
    provider.name = name
    provider.issuer = issuer
    provider.locations = JwtLocations(headers: [], parameters: [], cookies: [], issuer: issuer)
    provider.localKeys = try keySet()
    return provider
  }

  /// A provider whose tokens stand in a header of its own.
  static func provider(_ name: String, issuer: String, header: String) throws -> JwtProviderInfo {
    var provider = try provider(name, issuer: issuer)
    provider.locations = JwtLocations(
      headers: [(name: header, prefix: "")], parameters: [], cookies: [], issuer: issuer)
    return provider
  }

  static func verification(
    _ providers: [JwtProviderInfo], _ request: HeaderMap, keys: ((Int) -> JwtKeys)? = nil
  ) -> JwtVerification {
    JwtVerification(
      providers, request, now: now,
      keys: keys ?? { index in providers[index].localKeys.map { .ready($0) } ?? .notFetched })
  }

  /// The verdict of one provider.
  static func judge(_ provider: JwtProviderInfo, _ request: HeaderMap) throws -> JwtStatus {
    var verification = verification([provider], request)
    return try verification.judge(.provider(0, audiences: nil))
  }
}
