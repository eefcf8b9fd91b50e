import COpenSSL

/// How a token is signed (RFC 7518 §3.1, RFC 8037 §3.1), by the name in its `alg`.
package enum SignatureAlgorithm: String, CaseIterable, Sendable {
  case hs256 = "HS256"
  case hs384 = "HS384"
  case hs512 = "HS512"
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case ps256 = "PS256"
  case ps384 = "PS384"
  case ps512 = "PS512"
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case edDSA = "EdDSA"

  enum Scheme {
    case hmac
    case rsa
    case rsaPSS
    case ecdsa
    case edDSA
  }

  var scheme: Scheme {
    switch self {
    case .hs256, .hs384, .hs512: .hmac
    case .rs256, .rs384, .rs512: .rsa
    case .ps256, .ps384, .ps512: .rsaPSS
    case .es256, .es384, .es512: .ecdsa
    case .edDSA: .edDSA
    }
  }

  /// Nil where the scheme has its own.
  var digest: OpaquePointer? {
    switch self {
    case .hs256, .rs256, .ps256, .es256: EVP_sha256()
    case .hs384, .rs384, .ps384, .es384: EVP_sha384()
    case .hs512, .rs512, .ps512, .es512: EVP_sha512()
    case .edDSA: nil
    }
  }
}
