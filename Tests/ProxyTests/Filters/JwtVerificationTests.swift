import EnvoyConfig
import HTTP
import Testing

@testable import Proxy

@Suite struct JwtTokenTests {
  @Test(arguments: [
    ("x", JwtStatus.badFormat), ("a.b", .badFormat), ("a.b.c.d", .badFormat), ("a..c", .badFormat),
    ("a.b.c", .headerBadBase64), ("W10.W10.W10", .headerBadJSON), ("bm8.W10.W10", .headerBadJSON),
    ("e30.W10.W10", .headerBadAlg),
  ])
  func whatIsNoTokenIsSaid(text: String, status: JwtStatus) throws {
    #expect(try JwtSample.judge(JwtSample.provider(), JwtSample.request(JwtSample.bearer(text))) == status)
  }

  @Test(arguments: [
    (#"{"alg":5}"#, JwtStatus.headerBadAlg), (#"{"alg":"none"}"#, .headerAlgNotSupported),
    (#"{"alg":"hs256"}"#, .headerAlgNotSupported), (#"{"alg":"HS256","kid":5}"#, .headerBadKid),
    (#"{"alg":"RS256"}"#, .verificationFails), (#"{"alg":"HS256","kid":"any"}"#, .ok),
  ])
  func headersAreJudged(header: String, status: JwtStatus) throws {
    let token = JwtSample.token(header: header)
    #expect(try JwtSample.judge(JwtSample.provider(), JwtSample.request(JwtSample.bearer(token))) == status)
  }

  @Test(arguments: [
    ("[]", JwtStatus.payloadBadJSON), ("{", .payloadBadJSON), (#"{"iss":"a","iss":"b"}"#, .payloadBadJSON),
    (#"{"iss":5}"#, .issNotString), (#"{"iss":null}"#, .issNotString), (#"{"sub":5}"#, .subNotString),
    (#"{"iat":"x"}"#, .iatNotInteger), (#"{"iat":-1}"#, .iatOutOfRange), (#"{"nbf":true}"#, .nbfNotInteger),
    (#"{"nbf":-1}"#, .nbfOutOfRange), (#"{"exp":[]}"#, .expNotInteger), (#"{"exp":1e30}"#, .expOutOfRange),
    (#"{"exp":18446744073709551616}"#, .expOutOfRange), (#"{"exp":1.5}"#, .unknownIssuer),
    (#"{"jti":5}"#, .jtiNotString), (#"{"aud":5}"#, .audNotString), (#"{"aud":[5]}"#, .audNotString),
    (#"{}"#, .unknownIssuer), (#"{"iss":"other"}"#, .unknownIssuer), (#"{"iss":"issuer"}"#, .ok),
  ])
  func payloadsAreJudged(payload: String, status: JwtStatus) throws {
    let token = JwtSample.token(payload)
    #expect(try JwtSample.judge(JwtSample.provider(), JwtSample.request(JwtSample.bearer(token))) == status)
  }

  @Test func signaturesAreChecked() throws {
    let provider = try JwtSample.provider()
    let forged = JwtSample.token(isForged: true)
    #expect(try JwtSample.judge(provider, JwtSample.request(JwtSample.bearer(forged))) == .verificationFails)
    let cut = String(JwtSample.token().dropLast(43)) + "*"
    #expect(try JwtSample.judge(provider, JwtSample.request(JwtSample.bearer(cut))) == .signatureBadBase64)
  }

  @Test(arguments: [
    (-61, JwtStatus.expired), (-60, .ok), (0, .ok), (1, .ok),
  ])
  func anEndIsHeldWithLeeway(seconds: Int, status: JwtStatus) throws {
    let end = Int(JwtSample.now) + seconds
    let token = JwtSample.token(#"{"iss":"issuer","exp":\#(end)}"#)
    #expect(try JwtSample.judge(JwtSample.provider(), JwtSample.request(JwtSample.bearer(token))) == status)
  }

  @Test(arguments: [(61, JwtStatus.notYetValid), (60, .ok), (-1, .ok)])
  func aBeginningIsHeldWithLeeway(seconds: Int, status: JwtStatus) throws {
    let begin = Int(JwtSample.now) + seconds
    let token = JwtSample.token(#"{"iss":"issuer","nbf":\#(begin)}"#)
    #expect(try JwtSample.judge(JwtSample.provider(), JwtSample.request(JwtSample.bearer(token))) == status)
  }

  @Test func timesAtTheEdgeOfTheNumbersDoNoHarm() throws {
    var provider = try JwtSample.provider()
    provider.clockSkewSeconds = .max
    for claim in ["exp", "nbf"] {
      let token = JwtSample.token(#"{"iss":"issuer","\#(claim)":18446744073709549568}"#)
      #expect(try JwtSample.judge(provider, JwtSample.request(JwtSample.bearer(token))) == .ok)
    }
  }

  @Test func keysAreTakenByNameAndAlgorithm() throws {
    var provider = try JwtSample.provider()
    provider.localKeys = try JwtSample.keySet(#","kid":"one","alg":"HS256""#)
    func judge(_ header: String) throws -> JwtStatus {
      try JwtSample.judge(provider, JwtSample.request(JwtSample.bearer(JwtSample.token(header: header))))
    }
    #expect(try judge(#"{"alg":"HS256","kid":"one"}"#) == .ok)
    #expect(try judge(#"{"alg":"HS256"}"#) == .ok)
    #expect(try judge(#"{"alg":"HS256","kid":"two"}"#) == .kidAlgMismatch)
    #expect(try judge(#"{"alg":"HS512","kid":"one"}"#) == .kidAlgMismatch)
  }

  @Test(arguments: [
    ("", JwtStatus.jwksBadJSON), ("[]", .jwksBadJSON), ("{}", .jwksNoKeys), (#"{"keys":{}}"#, .jwksBadKeys),
    (#"{"keys":[]}"#, .jwksNoValidKeys), (#"{"keys":[5,{"kty":"x"},{"kty":"RSA","n":"","e":""}]}"#, .jwksNoValidKeys),
  ])
  func whatIsNoKeySetIsSaid(text: String, status: JwtStatus) {
    #expect(throws: status) { try JsonWebKeySet(json: Array(text.utf8)) }
  }
}

@Suite struct JwtProviderTests {
  @Test(arguments: [
    (#""aud":"a""#, JwtStatus.ok), (#""aud":["x","https://b"]"#, .ok), (#""aud":"http://a/""#, .ok),
    (#""aud":"c""#, .audienceNotAllowed), (#""aud":[]"#, .audienceNotAllowed), (#""sub":"s""#, .audienceNotAllowed),
  ])
  func audiencesAreCompared(claim: String, status: JwtStatus) throws {
    var provider = try JwtSample.provider()
    provider.audiences = JwtAudiences(["a", "http://b/"])
    let token = JwtSample.token(#"{"iss":"issuer",\#(claim)}"#)
    #expect(try JwtSample.judge(provider, JwtSample.request(JwtSample.bearer(token))) == status)
  }

  @Test func aLifeIsLimited() throws {
    var provider = try JwtSample.provider()
    func judge(_ claims: String) throws -> JwtStatus {
      let token = JwtSample.token(#"{"iss":"issuer"\#(claims)}"#)
      return try JwtSample.judge(provider, JwtSample.request(JwtSample.bearer(token)))
    }
    provider.requiresExpiration = true
    #expect(try judge("") == .verificationFails)
    #expect(try judge(#","exp":\#(JwtSample.now + 1_000_000)"#) == .ok)
    provider.requiresExpiration = false
    provider.maxLifetimeSeconds = 100
    #expect(try judge("") == .verificationFails)
    #expect(try judge(#","exp":\#(JwtSample.now + 100)"#) == .ok)
    #expect(try judge(#","exp":\#(JwtSample.now + 101)"#) == .verificationFails)
    #expect(try judge(#","exp":\#(JwtSample.now - 100)"#) == .expired)
  }

  @Test func placesOfTokensAreKnown() throws {
    var provider = try JwtSample.provider()
    let token = JwtSample.token()
    func judge(_ headers: [(String, String)], path: String = "/") throws -> JwtStatus {
      try JwtSample.judge(provider, JwtSample.request(headers, path: path))
    }
    #expect(try judge([("authorization", "Basic x")]) == .missing)
    #expect(try judge([("authorization", "bearer " + token)]) == .missing)
    #expect(try judge([("authorization", "Bearer")]) == .missing)
    #expect(try judge([("authorization", "Bearer   " + token)]) == .ok)
    #expect(try judge([], path: "/?access_token=" + token) == .ok)
    #expect(try judge([], path: "/?a=b&%61ccess_token=" + token) == .ok)
    provider.locations = JwtLocations(
      headers: [(name: "X-Token", prefix: "")], parameters: ["t"], cookies: ["c"], issuer: "issuer")
    #expect(try judge(JwtSample.bearer(token)) == .missing)
    #expect(try judge([("x-token", token)]) == .ok)
    #expect(try judge([], path: "/p?x&t=\(token)&t=x") == .ok)
    #expect(try judge([("cookie", "a=b; c=\(token)")]) == .ok)
    #expect(try judge([("cookie", "c=\"\(token)\"")]) == .ok)
    #expect(try judge([("cookie", "c=x; c=\(token)")]) == .badFormat)
  }

  @Test func severalTokensMustAllHold() throws {
    let provider = try JwtSample.provider()
    let good = JwtSample.token()
    let bad = JwtSample.token(isForged: true)
    for (header, parameter) in [(good, bad), (bad, good)] {
      let request = JwtSample.request(JwtSample.bearer(header), path: "/?access_token=" + parameter)
      #expect(try JwtSample.judge(provider, request) == .verificationFails)
    }
  }

  @Test func keysThatAreWantingAreAskedFor() throws {
    let provider = try JwtSample.provider()
    let request = JwtSample.request(JwtSample.bearer(JwtSample.token()))
    var verification = JwtSample.verification([provider], request) { _ in .notFetched }
    #expect(throws: JwtVerification.Waiting.self) { try verification.judge(.provider(0, audiences: nil)) }
    verification = JwtSample.verification([provider], request) { _ in .failed(.jwksFetchFailed) }
    #expect(try verification.judge(.provider(0, audiences: nil)) == .jwksFetchFailed)
  }

  @Test func nobodyWaitsForKeysOfATokenThatIsRefusedAnyway() throws {
    let token = JwtSample.token(#"{"iss":"issuer","exp":1}"#)
    var verification = JwtSample.verification(
      [try JwtSample.provider()], JwtSample.request(JwtSample.bearer(token))
    ) { _ in .notFetched }
    #expect(try verification.judge(.provider(0, audiences: nil)) == .expired)
  }

  @Test func aTokenOfTheCacheIsNotVerifiedAgain() throws {
    let provider = try JwtSample.provider()
    let forged = JwtSample.token(isForged: true)
    let known = try JsonWebToken.read(Array(forged.utf8))
    let request = JwtSample.request(JwtSample.bearer(forged))
    var verification = JwtVerification(
      [provider], request, now: JwtSample.now, keys: { _ in .notFetched }, cached: { _, _ in known })
    #expect(try verification.judge(.provider(0, audiences: nil)) == .ok)
    #expect(verification.cacheHits == 1 && verification.cacheMisses == 0 && verification.verified.isEmpty)
  }
}

@Suite struct JwtFailedStatusTests {
  private func failures(_ providers: [JwtProviderInfo], _ token: String?) throws -> [String] {
    let request = JwtSample.request(token.map { [("x-a", $0)] } ?? [])
    var verification = JwtSample.verification(providers, request)
    _ = try verification.judge(.provider(0, audiences: nil))
    return verification.effects.map { effect in
      guard case .metadata(let key, let value) = effect, let text = value["message"]?.text else { return "?" }
      return "\(key): \(text)"
    }
  }

  @Test func aFailureIsTheProvidersOrTheOnlyOnes() throws {
    var first = try JwtSample.provider("a", issuer: "a", header: "x-a")
    first.failedStatusInMetadata = "why"
    let second = try JwtSample.provider("b", issuer: "b", header: "x-b")
    #expect(try failures([first], nil) == ["why: Jwt is missing"])
    #expect(try failures([first, second], nil) == [])
    #expect(try failures([first, second], "x").first?.hasPrefix("why: Jwt is not in the form of") == true)
    #expect(try failures([first, second], JwtSample.token(#"{"iss":"z"}"#)) == ["why: Jwt issuer is not configured"])
  }
}

@Suite struct JwtCacheTests {
  @Test func theOneNotUsedForLongestGoes() throws {
    let cache = JwtCache(capacity: 2, maxTokenBytes: 3)
    let token = try JsonWebToken.read(Array(JwtSample.token().utf8))
    cache.insert([1], token)
    cache.insert([2], token)
    #expect(cache.look(up: [1]) != nil)
    cache.insert([3], token)
    #expect(cache.look(up: [2]) == nil)
    #expect(cache.look(up: [1]) != nil)
    #expect(cache.look(up: [3]) != nil)
    cache.insert([1, 2, 3, 4], token)
    #expect(cache.look(up: [1, 2, 3, 4]) == nil)
  }

  @Test func aCacheOfNoneHoldsNone() throws {
    let cache = JwtCache(capacity: 0, maxTokenBytes: 100)
    cache.insert([1], try JsonWebToken.read(Array(JwtSample.token().utf8)))
    #expect(cache.look(up: [1]) == nil)
  }

  @Test func manyUsesInAnyOrderKeepItWhole() throws {
    let cache = JwtCache(capacity: 5, maxTokenBytes: 3)
    let token = try JsonWebToken.read(Array(JwtSample.token().utf8))
    var order: [UInt8] = []
    var state: UInt32 = 7
    for _ in 0..<2000 {
      state = state &* 1_664_525 &+ 1_013_904_223
      let text = UInt8(state >> 24) % 9
      let known = cache.look(up: [text]) != nil
      #expect(known == order.contains(text))
      order.removeAll { $0 == text }
      order.append(text)
      if !known { cache.insert([text], token) }
      if order.count > 5 { order.removeFirst() }
    }
  }
}
