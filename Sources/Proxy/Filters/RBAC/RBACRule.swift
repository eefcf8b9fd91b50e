import EnvoyConfig
import Reactor

/// One rule of a policy, a permission or a principal: rules stand in one list, each before the rules that it is made of.
struct RBACRule: Sendable, BitwiseCopyable {
  enum Kind: Sendable, BitwiseCopyable {
    case and
    case or
    case not
    case anything
    case header(HeaderMatcher)
    case path(StringMatcher)
    case serverName(StringMatcher)
    case destinationIP(AddressRange)
    /// The end is excluded.
    case destinationPort(start: UInt32, end: UInt32)
    case directRemoteIP(AddressRange)
    case remoteIP(AddressRange)
    case authenticated
    case principalName(StringMatcher)
    /// By their place in the engine's list.
    case dynamicMetadata(Int)
    case routeMetadata(Int)
    /// What can never be, as an address range that is none.
    case nothing
  }

  let kind: Kind
  /// One past the last of the rules that it is made of.
  var end: Int
}

/// Turns the configuration's trees into lists of rules.
struct RBACRuleCompiler {
  private let arena: RouteArena
  private(set) var rules: [RBACRule] = []
  private(set) var metadataMatchers: [MetadataMatcher] = []

  init(arena: RouteArena) { self.arena = arena }

  /// Any of the permissions; their place.
  mutating func add(anyOf permissions: [RBAC.Permission]) -> Int {
    group(.or, permissions) { $0.add($1) }
  }

  /// Any of the principals; their place.
  mutating func add(anyOf principals: [RBAC.Principal]) -> Int {
    group(.or, principals) { $0.add($1) }
  }

  private mutating func add(_ permission: RBAC.Permission) {
    switch permission {
    case .andRules(let rules): _ = group(.and, rules) { $0.add($1) }
    case .orRules(let rules): _ = group(.or, rules) { $0.add($1) }
    case .notRule(let rule): _ = group(.not, [rule]) { $0.add($1) }
    case .any: leaf(.anything)
    case .header(let matcher): leaf(.header(HeaderMatcher(matcher, arena: arena)))
    case .urlPath(let matcher): leaf(.path(StringMatcher(matcher, arena: arena)))
    case .destinationIp(let range): leaf(AddressRange(range).map { .destinationIP($0) })
    case .destinationPort(let port): leaf(.destinationPort(start: UInt32(port), end: UInt32(port) + 1))
    case .destinationPortRange(let range):
      leaf(.destinationPort(start: UInt32(max(0, range.start)), end: UInt32(max(0, range.end))))
    case .metadata(let matcher): add(matcher)
    case .requestedServerName(let matcher): leaf(.serverName(StringMatcher(matcher, arena: arena)))
    }
  }

  private mutating func add(_ principal: RBAC.Principal) {
    switch principal {
    case .andIds(let ids): _ = group(.and, ids) { $0.add($1) }
    case .orIds(let ids): _ = group(.or, ids) { $0.add($1) }
    case .notId(let id): _ = group(.not, [id]) { $0.add($1) }
    case .any: leaf(.anything)
    case .authenticated(nil): leaf(.authenticated)
    case .authenticated(let matcher?): leaf(.principalName(StringMatcher(matcher, arena: arena)))
    case .sourceIp(let range), .directRemoteIp(let range): leaf(AddressRange(range).map { .directRemoteIP($0) })
    case .remoteIp(let range): leaf(AddressRange(range).map { .remoteIP($0) })
    case .header(let matcher): leaf(.header(HeaderMatcher(matcher, arena: arena)))
    case .urlPath(let matcher): leaf(.path(StringMatcher(matcher, arena: arena)))
    case .metadata(let matcher): add(matcher)
    }
  }

  private mutating func add(_ sourced: RBAC.SourcedMetadata) {
    let place = metadataMatchers.count
    metadataMatchers.append(MetadataMatcher(sourced.metadataMatcher, arena: arena))
    leaf(sourced.metadataSource == .route ? .routeMetadata(place) : .dynamicMetadata(place))
  }

  private mutating func leaf(_ kind: RBACRule.Kind?) {
    rules.append(RBACRule(kind: kind ?? .nothing, end: rules.count + 1))
  }

  private mutating func group<Part>(
    _ kind: RBACRule.Kind, _ parts: [Part], _ add: (inout RBACRuleCompiler, Part) -> Void
  ) -> Int {
    let place = rules.count
    rules.append(RBACRule(kind: kind, end: 0))
    for part in parts { add(&self, part) }
    rules[place].end = rules.count
    return place
  }
}
