import EnvoyConfig
import HTTP
import Reactor
import Security

/// What is to be done to a request whose tokens were verified.
enum JwtEffect {
  case addHeader(name: String, value: [UInt8])
  case removeHeader(String)
  case removeParameter(String)
  case metadata(key: String, StructValue)
  case clearRouteCache
}

/// The keys of a provider, as far as they are there.
enum JwtKeys {
  case ready(JsonWebKeySet)
  /// They are to be fetched first.
  case notFetched
  case failed(JwtStatus)
}

/// Judges a request by a requirement: a value without I/O. It reads the request and changes nothing; what is to be done
/// comes out as effects. Where keys are wanting it says whose, and is run again from the start once they are there.
struct JwtVerification {
  /// Keys are wanting, of the provider of this index.
  struct Waiting: Error {
    let provider: Int
  }

  let providers: [JwtProviderInfo]
  let request: HeaderMap
  /// Seconds since the epoch.
  let now: UInt64
  let keys: (Int) -> JwtKeys
  /// A token that was verified before, by provider.
  let cached: (Int, [UInt8]) -> JsonWebToken?

  private(set) var effects: [JwtEffect] = []
  private(set) var cacheHits = 0
  private(set) var cacheMisses = 0
  /// Tokens that hold and were not in the cache.
  private(set) var verified: [(provider: Int, text: [UInt8], token: JsonWebToken)] = []
  private var removals = JwtRemovals()

  init(
    _ providers: [JwtProviderInfo], _ request: HeaderMap, now: UInt64, keys: @escaping (Int) -> JwtKeys,
    cached: @escaping (Int, [UInt8]) -> JsonWebToken? = { _, _ in nil }
  ) {
    self.providers = providers
    self.request = request
    self.now = now
    self.keys = keys
    self.cached = cached
  }

  mutating func judge(_ requirement: JwtRequirementInfo) throws(Waiting) -> JwtStatus {
    switch requirement {
    case .allowAll: return .ok
    case .provider(let index, let audiences):
      let tokens = providers[index].locations.tokens(in: request, without: removals)
      return try judge(tokens, by: Rules(provider: index, audiences: audiences))
    case .allowMissing(let locations):
      return try judge(locations.tokens(in: request, without: removals), by: Rules(allowsMissing: true))
    case .allowMissingOrFailed(let locations):
      let rules = Rules(allowsMissing: true, allowsFailed: true)
      return try judge(locations.tokens(in: request, without: removals), by: rules)
    case .all(let requirements): return try judgeAll(requirements)
    case .any(let requirements): return try judgeAny(requirements)
    }
  }

  private mutating func judgeAll(_ requirements: [JwtRequirementInfo]) throws(Waiting) -> JwtStatus {
    for requirement in requirements {
      let status = try judge(requirement)
      if status != .ok { return status }
    }
    return .ok
  }

  /// Where all fail, the last of the weightiest reasons is told; what looks only whether tokens are missing tells none of
  /// its own where a provider did.
  private mutating func judgeAny(_ requirements: [JwtRequirementInfo]) throws(Waiting) -> JwtStatus {
    var reason = JwtStatus.missing
    for requirement in requirements {
      let status = try judge(requirement)
      if status == .ok { return .ok }
      var tells = status.weight >= reason.weight
      if case .allowMissing = requirement { tells = status.weight > reason.weight }
      if tells { reason = status }
    }
    return requirements.isEmpty ? .ok : reason
  }

  // MARK: - Tokens

  private struct Rules {
    /// Nil: whosever issuer the token names.
    var provider: Int?
    var audiences: JwtAudiences?
    var allowsMissing = false
    var allowsFailed = false
  }

  /// As Envoy: the last token first. A bad one beside a good one fails, or an upstream might take the one that nobody
  /// verified; where missing tokens are allowed, the first token's verdict counts.
  private mutating func judge(_ tokens: [JwtLocations.Token], by rules: Rules) throws(Waiting) -> JwtStatus {
    guard !tokens.isEmpty else {
      note(.missing, nil)
      return rules.allowsMissing ? .ok : .missing
    }
    var status = JwtStatus.ok
    for token in tokens.reversed() {
      var provider = rules.provider
      status = try verify(token, rules, &provider)
      if status != .ok {
        note(status, provider)
        if !rules.allowsMissing { return status }
      }
    }
    return rules.allowsFailed ? .ok : status
  }

  /// As Envoy: a failure that is no provider's is told where there is only one.
  private mutating func note(_ status: JwtStatus, _ provider: Int?) {
    guard let provider = provider ?? (providers.count == 1 ? 0 : nil),
      !providers[provider].failedStatusInMetadata.isEmpty
    else { return }
    let members = [
      StructValue.Member(name: "code", value: .number(Double(status.rawValue))),
      StructValue.Member(name: "message", value: .string("\(status.text)", origin: .none)),
    ]
    effects.append(.metadata(key: providers[provider].failedStatusInMetadata, .object(members)))
  }

  /// - Parameter provider: whose the token is, once that is known.
  private mutating func verify(
    _ found: JwtLocations.Token, _ rules: Rules, _ provider: inout Int?
  ) throws(Waiting) -> JwtStatus {
    let known = lookUp(found, rules)
    let token: JsonWebToken
    do throws(JwtStatus) {
      if let known { token = known } else { token = try JsonWebToken.read(found.text) }
      guard found.issuers.allows(token.issuer) else { throw .unknownIssuer }
    } catch {
      return error
    }
    guard let index = rules.provider ?? self.provider(of: token.issuer) else { return .unknownIssuer }
    provider = index
    do throws(JwtStatus) {
      try check(token, providers[index], rules)
    } catch {
      return error
    }
    if known == nil {
      let status = try checkSignature(token, index)
      if status != .ok { return status }
      if rules.provider != nil { verified.append((index, found.text, token)) }
    }
    accept(token, found, providers[index])
    return .ok
  }

  private mutating func lookUp(_ found: JwtLocations.Token, _ rules: Rules) -> JsonWebToken? {
    guard let provider = rules.provider else { return nil }
    let known = cached(provider, found.text)
    if known == nil { cacheMisses += 1 } else { cacheHits += 1 }
    return known
  }

  private func check(_ token: JsonWebToken, _ provider: JwtProviderInfo, _ rules: Rules) throws(JwtStatus) {
    guard provider.isSubjectAllowed(token.subject), provider.isLifetimeAllowed(token, now: now) else {
      throw .verificationFails
    }
    try token.checkTimes(now: now, leeway: provider.clockSkewSeconds)
    guard (rules.audiences ?? provider.audiences).allows(token.audiences) else { throw .audienceNotAllowed }
  }

  private func checkSignature(_ token: JsonWebToken, _ provider: Int) throws(Waiting) -> JwtStatus {
    switch keys(provider) {
    case .notFetched: throw Waiting(provider: provider)
    case .failed(let status): return status
    case .ready(let keys):
      do throws(JwtStatus) {
        try token.checkSignature(keys)
        return .ok
      } catch {
        return error
      }
    }
  }

  /// The provider of an issuer; else the first that takes any.
  private func provider(of issuer: String) -> Int? {
    providers.firstIndex { !$0.issuer.isEmpty && $0.issuer == issuer } ?? providers.firstIndex { $0.issuer.isEmpty }
  }

  // MARK: - Effects

  private mutating func accept(_ token: JsonWebToken, _ found: JwtLocations.Token, _ provider: JwtProviderInfo) {
    var changesRoute = false
    if !provider.forwardPayloadHeader.isEmpty {
      var payload = token.encodedPayload
      if provider.padForwardPayloadHeader {
        payload += [UInt8](repeating: UInt8(ascii: "="), count: (4 - payload.count % 4) % 4)
      }
      effects.append(.addHeader(name: provider.forwardPayloadHeader, value: payload))
    }
    for claim in provider.claimToHeaders {
      guard let value = token.payload.member(claim.claim).flatMap({ JwtClaimText.header($0) }) else { continue }
      effects.append(.addHeader(name: claim.header, value: value))
      changesRoute = true
    }
    if !provider.forward { remove(found.place) }
    if !provider.headerInMetadata.isEmpty {
      effects.append(.metadata(key: provider.headerInMetadata, token.header))
    }
    if !provider.payloadInMetadata.isEmpty {
      let payload = token.payload.splittingClaims(provider.spaceDelimitedClaims)
      effects.append(.metadata(key: provider.payloadInMetadata, payload))
      changesRoute = true
    }
    if provider.clearRouteCache, changesRoute { effects.append(.clearRouteCache) }
  }

  private mutating func remove(_ place: JwtLocations.Token.Place) {
    switch place {
    case .header(let name):
      removals.headers.insert(name)
      effects.append(.removeHeader(name))
    case .parameter(let name):
      removals.parameters.insert(name)
      effects.append(.removeParameter(name))
    case .cookie: break
    }
  }
}
