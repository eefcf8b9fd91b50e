import EnvoyConfig
import HTTP
import Testing

@testable import Proxy

/// Each verdict was seen from Envoy.
@Suite struct JwtRequirementTests {
  private static let good = JwtSample.token(#"{"iss":"a"}"#)
  private static let expired = JwtSample.token(#"{"iss":"a","exp":1}"#)
  private static let goodB = JwtSample.token(#"{"iss":"b"}"#)
  private static let forgedB = JwtSample.token(#"{"iss":"b"}"#, isForged: true)
  private static let expiredB = JwtSample.token(#"{"iss":"b","exp":1}"#)
  private static let stranger = JwtSample.token(#"{"iss":"z"}"#)

  private func providers() throws -> [JwtProviderInfo] {
    [
      try JwtSample.provider("a", issuer: "a", header: "x-a"), try JwtSample.provider("b", issuer: "b", header: "x-b"),
    ]
  }

  private func judge(_ requirement: JwtRequirementInfo, _ a: String?, _ b: String?) throws -> JwtStatus {
    var headers: [(String, String)] = []
    if let a { headers.append(("x-a", a)) }
    if let b { headers.append(("x-b", b)) }
    var verification = JwtSample.verification(try providers(), JwtSample.request(headers))
    return try verification.judge(requirement)
  }

  private static let a = JwtRequirementInfo.provider(0, audiences: nil)
  private static let b = JwtRequirementInfo.provider(1, audiences: nil)

  @Test(
    arguments: [
      (nil, nil, JwtStatus.missing), (expired, nil, .expired), (expired, stranger, .expired),
      (stranger, expiredB, .expired), (expired, forgedB, .verificationFails), (stranger, nil, .unknownIssuer),
      (nil, stranger, .unknownIssuer), (good, forgedB, .ok), (expired, goodB, .ok),
    ] as [(String?, String?, JwtStatus)])
  func oneOfTwo(a: String?, b: String?, status: JwtStatus) throws {
    #expect(try judge(.any([Self.a, Self.b]), a, b) == status)
  }

  @Test func theLastOfTwoReasonsIsTold() throws {
    #expect(try judge(.any([Self.b, Self.a]), Self.expired, Self.forgedB) == .expired)
  }

  @Test(
    arguments: [
      (nil, nil, JwtStatus.missing), (good, nil, .missing), (good, goodB, .ok), (good, forgedB, .verificationFails),
      (expired, forgedB, .expired),
    ] as [(String?, String?, JwtStatus)])
  func bothOfTwo(a: String?, b: String?, status: JwtStatus) throws {
    #expect(try judge(.all([Self.a, Self.b]), a, b) == status)
  }

  @Test(
    arguments: [
      (nil, nil, JwtStatus.ok), (good, nil, .ok), (expired, nil, .expired), (nil, stranger, .unknownIssuer),
      (stranger, expiredB, .expired), (nil, goodB, .ok), (expired, forgedB, .verificationFails),
    ] as [(String?, String?, JwtStatus)])
  func missingIsAllowed(a: String?, b: String?, status: JwtStatus) throws {
    let both = JwtLocations(joining: try providers().map(\.locations))
    let requirement = JwtRequirementInfo.alternatives([.allowMissing(both), Self.a, Self.b])
    #expect(try judge(requirement, a, b) == status)
  }

  @Test func whatFailsIsAllowedToo() throws {
    let both = JwtLocations(joining: try providers().map(\.locations))
    for token in [nil, Self.good, Self.expired, Self.stranger, "nonsense"] {
      #expect(try judge(.allowMissingOrFailed(both), token, nil) == .ok)
    }
  }

  @Test func ofTwoThatLetAllInTheMoreGenerousCounts() throws {
    let both = JwtLocations(joining: try providers().map(\.locations))
    for list in [
      [JwtRequirementInfo.allowMissing(both), .allowMissingOrFailed(both)],
      [.allowMissingOrFailed(both), .allowMissing(both)],
    ] {
      guard case .any(let kept) = JwtRequirementInfo.alternatives(list) else { continue }
      #expect(kept.count == 1)
      #expect(try judge(.any(kept), Self.expired, nil) == .ok)
    }
  }

  @Test func nothingAskedIsFine() throws {
    #expect(try judge(.allowAll, nil, nil) == .ok)
  }

  @Test func audiencesOfTheRuleStandInForTheProviders() throws {
    let token = JwtSample.token(#"{"iss":"a","aud":"here"}"#)
    #expect(try judge(.provider(0, audiences: JwtAudiences(["here"])), token, nil) == .ok)
    #expect(try judge(.provider(0, audiences: JwtAudiences(["there"])), token, nil) == .audienceNotAllowed)
  }

  /// The first took the token out of the request: the second finds none.
  @Test func aTokenServesOnce() throws {
    #expect(try judge(.all([Self.a, Self.a]), Self.good, nil) == .missing)
  }
}

@Suite struct JwtEffectTests {
  private func effects(_ provider: JwtProviderInfo, _ payload: String, path: String = "/") throws -> [String] {
    let token = JwtSample.token(payload)
    let headers = path == "/" ? JwtSample.bearer(token) : []
    let request = JwtSample.request(headers, path: path == "/" ? path : path + token)
    var verification = JwtSample.verification([provider], request)
    #expect(try verification.judge(.provider(0, audiences: nil)) == .ok)
    return verification.effects.map { effect in
      switch effect {
      case .addHeader(let name, let value): "\(name): \(String(decoding: value, as: UTF8.self))"
      case .removeHeader(let name): "-\(name)"
      case .removeParameter(let name): "-?\(name)"
      case .metadata(let key, _): "@\(key)"
      case .clearRouteCache: "route"
      }
    }
  }

  @Test func theTokenGoesUnlessItIsForwarded() throws {
    var provider = try JwtSample.provider()
    #expect(try effects(provider, #"{"iss":"issuer"}"#) == ["-authorization"])
    #expect(try effects(provider, #"{"iss":"issuer"}"#, path: "/?access_token=") == ["-?access_token"])
    provider.forward = true
    #expect(try effects(provider, #"{"iss":"issuer"}"#) == [])
  }

  @Test func thePayloadGoesOnAsItStood() throws {
    var provider = try JwtSample.provider()
    provider.forward = true
    provider.forwardPayloadHeader = "x-payload"
    #expect(try effects(provider, #"{"iss":"issuer"}"#) == ["x-payload: eyJpc3MiOiJpc3N1ZXIifQ"])
    provider.padForwardPayloadHeader = true
    #expect(try effects(provider, #"{"iss":"issuer"}"#) == ["x-payload: eyJpc3MiOiJpc3N1ZXIifQ=="])
  }

  @Test(arguments: [
    (#""text""#, "text"), ("5", "5"), ("-3", "-3.000000"), ("5.5", "5.500000"),
    ("1e20", "100000000000000000000.000000"),
    ("12345678901234567890", "12345678901234567168"), ("true", "true"), (#"[1,"a"]"#, "WzEsImEiXQ=="),
    (#"{"k":true}"#, "eyJrIjp0cnVlfQ=="), (#"[1.5,{"z":1,"a":"ü/<"}]"#, "WzEuNSx7ImEiOiLDvC9cdTAwM2MiLCJ6IjoxfV0="),
  ])
  func claimsBecomeHeaders(claim: String, value: String) throws {
    var provider = try JwtSample.provider()
    provider.forward = true
    provider.claimToHeaders = [.init(header: "x-c", claim: ["c"]), .init(header: "x-n", claim: ["n", "c"])]
    let payload = #"{"iss":"issuer","c":\#(claim),"n":{"c":\#(claim)}}"#
    #expect(try effects(provider, payload) == ["x-c: \(value)", "x-n: \(value)"])
  }

  @Test(arguments: [#""""#, "null"])
  func claimsThatSayNothingBecomeNoHeader(claim: String) throws {
    var provider = try JwtSample.provider()
    provider.forward = true
    provider.claimToHeaders = [.init(header: "x-c", claim: ["c"]), .init(header: "x-d", claim: ["none", "c"])]
    #expect(try effects(provider, #"{"iss":"issuer","c":\#(claim)}"#) == [])
  }

  @Test func theRouteIsChosenAnewWhereItMayHaveChanged() throws {
    var provider = try JwtSample.provider()
    provider.forward = true
    provider.clearRouteCache = true
    #expect(try effects(provider, #"{"iss":"issuer"}"#) == [])
    provider.payloadInMetadata = "p"
    provider.headerInMetadata = "h"
    #expect(try effects(provider, #"{"iss":"issuer"}"#) == ["@h", "@p", "route"])
  }

  @Test func wordsOfAClaimAreSplit() throws {
    let value = try #require(StructValue.parse(json: Array(#"{"scope":"r w  x","n":5}"#.utf8)))
    let split = value.splittingClaims(["scope", "n"])
    let wanted = try #require(StructValue.parse(json: Array(#"{"scope":["r","w","x"],"n":5}"#.utf8)))
    #expect(split.isEqual(to: wanted))
  }

  @Test(arguments: [
    ("/a?t=x", "/a"), ("/a", "/a"), ("/a?b=1&t=x&c=2", "/a?b=1&c=2"), ("/a?t=x&t=y&z", "/a?z="),
    ("/a?%74=x&q=%20+", "/a?q=%20+"), ("/a?z=1&t=&b=2", "/a?b=2&z=1"), ("/a?t=x&a=b=c&&d", "/a?=&a=b=c&d="),
    ("/a?z&t=x&b=&", "/a?b=&z="), ("/a?t=x&", "/a"), ("/a?", "/a"),
  ])
  func aParameterIsTakenOut(path: String, rest: String) {
    let output = withBytes(path) { QueryParameters.path($0, without: "t") }
    #expect(String(decoding: output, as: UTF8.self) == rest)
  }
}
