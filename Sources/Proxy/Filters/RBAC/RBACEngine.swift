import EnvoyConfig
import Reactor

/// `envoy.config.rbac.v3.RBAC`, compiled: immutable, shared by all workers. It has no I/O: facts go in, a verdict comes out.
final class RBACEngine: Sendable {
  /// What becomes of a request.
  struct Verdict: Equatable {
    var isAllowed: Bool
    /// The policy that matched, by its place; nil for none.
    var policy: Int?
  }

  struct Policy: Sendable {
    let name: String
    let nameInMetadata: StructValue
    /// `rbac_access_denied_matched_policy[NAME]`, without white space.
    let deniedDetail: String
    /// Places of the rules.
    fileprivate let permissions: Int
    fileprivate let principals: Int
  }

  let action: RBAC.Action
  let policies: [Policy]
  private let rules: ConstantList<RBACRule>
  private let metadataMatchers: [MetadataMatcher]
  private static let noPolicyDetail = deniedDetail("none")
  private let arena: RouteArena

  init(_ config: RBAC) {
    let arena = RouteArena()
    var compiler = RBACRuleCompiler(arena: arena)
    policies = config.policies.map { name, policy in
      Policy(
        name: name, nameInMetadata: .string(name, origin: .none), deniedDetail: Self.deniedDetail(name),
        permissions: compiler.add(anyOf: policy.permissions), principals: compiler.add(anyOf: policy.principals))
    }
    action = config.action
    rules = arena.list(compiler.rules)
    metadataMatchers = compiler.metadataMatchers
    self.arena = arena
  }

  private static func deniedDetail(_ policy: String) -> String {
    "rbac_access_denied_matched_policy[" + String(policy.map { $0.isWhitespace ? "_" : $0 }) + "]"
  }

  /// Why a request was refused, as response code details and logs say it.
  func deniedDetail(_ verdict: Verdict) -> String {
    verdict.policy.map { policies[$0].deniedDetail } ?? Self.noPolicyDetail
  }

  func evaluate(_ facts: some RBACFacts) -> Verdict {
    let policy = policies.firstIndex { matches($0.permissions, facts) && matches($0.principals, facts) }
    return switch action {
    case .allow: Verdict(isAllowed: policy != nil, policy: policy)
    case .deny: Verdict(isAllowed: policy == nil, policy: policy)
    case .log: Verdict(isAllowed: true, policy: policy)
    }
  }

  /// Whether the rule at `place` holds. The depth of the configuration's text bounds the recursion.
  private func matches(_ place: Int, _ facts: some RBACFacts) -> Bool {
    switch rules[place].kind {
    case .and: return !containsPart(of: place, false, facts)
    case .or: return containsPart(of: place, true, facts)
    case .not: return !matches(place + 1, facts)
    case .anything: return true
    case .nothing: return false
    case .header(let matcher): return facts.headers.map { matcher.matches($0) } ?? false
    case .path(let matcher): return facts.path.map { matcher.matches($0) } ?? false
    case .serverName(let matcher):
      return facts.requestedServerName.withUnsafeBytes { matcher.matches(ByteView($0)) }
    case .destinationIP(let range): return range.contains(facts.localAddress)
    case .destinationPort(let start, let end):
      guard let address = facts.localAddress, address.isIP else { return false }
      return UInt32(address.port) >= start && UInt32(address.port) < end
    case .directRemoteIP(let range): return range.contains(facts.directRemoteAddress)
    case .remoteIP(let range): return range.contains(facts.remoteAddress)
    case .authenticated: return facts.peer != nil
    case .principalName(let matcher): return facts.peer?.isNamed(matcher) ?? false
    case .dynamicMetadata(let index):
      let matcher = metadataMatchers[index]
      return matcher.matches(facts.dynamicMetadata(matcher.filter))
    case .routeMetadata(let index):
      let matcher = metadataMatchers[index]
      return matcher.matches(facts.routeMetadata(matcher.filter))
    }
  }

  /// Whether one of the rules that a rule is made of comes out as `wanted`.
  private func containsPart(of place: Int, _ wanted: Bool, _ facts: some RBACFacts) -> Bool {
    let end = rules[place].end
    var part = place + 1
    while part < end {
      if matches(part, facts) == wanted { return true }
      part = rules[part].end
    }
    return false
  }
}
