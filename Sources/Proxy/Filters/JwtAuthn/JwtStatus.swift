/// What became of a token or of a set of keys, in Envoy's words. The numbers are what `failed_status_in_metadata` tells.
enum JwtStatus: UInt8, Error, Sendable {
  case ok = 0
  case missing = 1
  case notYetValid = 2
  case expired = 3
  case badFormat = 4
  case headerBadBase64 = 5
  case headerBadJSON = 6
  case headerBadAlg = 7
  case headerAlgNotSupported = 8
  case headerBadKid = 9
  case payloadBadBase64 = 10
  case payloadBadJSON = 11
  case issNotString = 12
  case subNotString = 13
  case iatNotInteger = 14
  case iatOutOfRange = 15
  case nbfNotInteger = 16
  case nbfOutOfRange = 17
  case expNotInteger = 18
  case expOutOfRange = 19
  case jtiNotString = 20
  case audNotString = 21
  case signatureBadBase64 = 22
  case ed25519SignatureWrongLength = 23
  case unknownIssuer = 24
  case audienceNotAllowed = 25
  case verificationFails = 26
  case multipleTokens = 27
  case jwksBadJSON = 28
  case jwksNoKeys = 29
  case jwksBadKeys = 30
  case jwksNoValidKeys = 31
  case kidAlgMismatch = 32
  case jwksFetchFailed = 33

  var text: StaticString {
    switch self {
    case .ok: "OK"
    case .missing: "Jwt is missing"
    case .notYetValid: "Jwt not yet valid"
    case .expired: "Jwt is expired"
    case .badFormat: "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"
    case .headerBadBase64: "Jwt header is an invalid Base64url encoded"
    case .headerBadJSON: "Jwt header is an invalid JSON"
    case .headerBadAlg: "Jwt header [alg] field is required and must be a string"
    case .headerAlgNotSupported: "Jwt header [alg] is not supported"
    case .headerBadKid: "Jwt header [kid] field is not a string"
    case .payloadBadBase64: "Jwt payload is an invalid Base64url encoded"
    case .payloadBadJSON: "Jwt payload is an invalid JSON"
    case .issNotString: "Jwt payload [iss] field is not a string"
    case .subNotString: "Jwt payload [sub] field is not a string"
    case .iatNotInteger: "Jwt payload [iat] field is not an integer"
    case .iatOutOfRange: "Jwt payload [iat] field is not a positive 64 bit integer"
    case .nbfNotInteger: "Jwt payload [nbf] field is not an integer"
    case .nbfOutOfRange: "Jwt payload [nbf] field is not a positive 64 bit integer"
    case .expNotInteger: "Jwt payload [exp] field is not an integer"
    case .expOutOfRange: "Jwt payload [exp] field is not a positive 64 bit integer"
    case .jtiNotString: "Jwt payload [jti] field is not a string"
    case .audNotString: "Jwt payload [aud] field is not a string or string list"
    case .signatureBadBase64: "Jwt signature is an invalid Base64url encoded"
    case .ed25519SignatureWrongLength: "Jwt ED25519 signature is wrong length"
    case .unknownIssuer: "Jwt issuer is not configured"
    case .audienceNotAllowed: "Audiences in Jwt are not allowed"
    case .verificationFails: "Jwt verification fails"
    case .multipleTokens: "Found multiple Jwt tokens"
    case .jwksBadJSON: "Jwks is an invalid JSON"
    case .jwksNoKeys: "Jwks does not have [keys] field"
    case .jwksBadKeys: "[keys] in Jwks is not an array"
    case .jwksNoValidKeys: "Jwks doesn't have any valid public key"
    case .kidAlgMismatch: "Jwks doesn't have key to match kid or alg from Jwt"
    case .jwksFetchFailed: "Jwks remote fetch is failed"
    }
  }

  /// Which of two failures tells more, where one of several requirements would have done: that nobody brought a token
  /// or that it is another issuer's is what alternatives are there for.
  var weight: Int {
    switch self {
    case .missing: 0
    case .unknownIssuer: 1
    default: 2
    }
  }
}
