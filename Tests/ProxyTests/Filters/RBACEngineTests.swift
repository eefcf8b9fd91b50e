import EnvoyConfig
import HTTP
import Reactor
import Testing

@testable import Proxy

/// Facts of a request as a test sets them.
private struct Facts: RBACFacts {
  var headers: HeaderMap?
  var pathText = ConstantBytes.empty
  var localAddress = Reactor.SocketAddress(ip: "10.0.0.1", port: 8080)
  var directRemoteAddress = Reactor.SocketAddress(ip: "10.9.9.9", port: 1)
  var remoteAddress = Reactor.SocketAddress(ip: "2001:db8::7", port: 1)
  var requestedServerName: [UInt8] = []
  var peer: RBACPeer?
  var metadata: [String: StructValue] = [:]
  var routeMetadata: [String: StructValue] = [:]

  var path: ByteView? { pathText.view }
  func dynamicMetadata(_ namespace: String) -> StructValue? { metadata[namespace] }
  func routeMetadata(_ namespace: String) -> StructValue? { routeMetadata[namespace] }
}

@Suite struct RBACEngineTests {
  private func engine(
    _ permissions: [RBAC.Permission] = [.any], _ principals: [RBAC.Principal] = [.any], _ action: RBAC.Action = .allow
  ) -> RBACEngine {
    var policy = RBAC.Policy()
    policy.permissions = permissions
    policy.principals = principals
    var config = RBAC()
    config.action = action
    config.policies = [("p", policy)]
    return RBACEngine(config)
  }

  private func allows(_ permission: RBAC.Permission, _ facts: Facts = Facts()) -> Bool {
    engine([permission]).evaluate(facts).isAllowed
  }

  private func allows(by principal: RBAC.Principal, _ facts: Facts = Facts()) -> Bool {
    engine([.any], [principal]).evaluate(facts).isAllowed
  }

  private func range(_ prefix: String, _ length: UInt32) -> CidrRange {
    var range = CidrRange()
    range.addressPrefix = prefix
    range.prefixLen = length
    return range
  }

  @Test func actionsDecideWhatAMatchMeans() {
    let (match, miss) = ([RBAC.Permission.any], [RBAC.Permission.notRule(.any)])
    #expect(engine(match, [.any], .allow).evaluate(Facts()) == RBACEngine.Verdict(isAllowed: true, policy: 0))
    #expect(engine(miss, [.any], .allow).evaluate(Facts()) == RBACEngine.Verdict(isAllowed: false, policy: nil))
    #expect(engine(match, [.any], .deny).evaluate(Facts()) == RBACEngine.Verdict(isAllowed: false, policy: 0))
    #expect(engine(miss, [.any], .deny).evaluate(Facts()) == RBACEngine.Verdict(isAllowed: true, policy: nil))
    #expect(engine(match, [.any], .log).evaluate(Facts()) == RBACEngine.Verdict(isAllowed: true, policy: 0))
    #expect(engine(miss, [.any], .log).evaluate(Facts()) == RBACEngine.Verdict(isAllowed: true, policy: nil))
    #expect(RBACEngine(RBAC()).evaluate(Facts()) == RBACEngine.Verdict(isAllowed: false, policy: nil))
  }

  @Test func bothSidesOfAPolicyMustMatch() {
    #expect(!engine([.any], [.notId(.any)]).evaluate(Facts()).isAllowed)
    #expect(!engine([.notRule(.any)], [.any]).evaluate(Facts()).isAllowed)
    #expect(engine([.notRule(.any), .any], [.notId(.any), .any]).evaluate(Facts()).isAllowed)
  }

  @Test func rulesNest() {
    #expect(allows(.andRules([.any, .orRules([.notRule(.any), .andRules([.any, .any])]), .any])))
    #expect(!allows(.andRules([.any, .orRules([.notRule(.any), .andRules([.any, .notRule(.any)])]), .any])))
    #expect(allows(by: .orIds([.andIds([.any, .notId(.any)]), .notId(.notId(.any))])))
  }

  @Test func theDetailNamesThePolicyWithoutBlanks() {
    var config = RBAC()
    var policy = RBAC.Policy()
    policy.permissions = [.any]
    policy.principals = [.any]
    config.action = .deny
    config.policies = [("a policy\tof mine", policy)]
    let engine = RBACEngine(config)
    #expect(engine.deniedDetail(engine.evaluate(Facts())) == "rbac_access_denied_matched_policy[a_policy_of_mine]")
    let none = RBACEngine(RBAC())
    #expect(none.deniedDetail(none.evaluate(Facts())) == "rbac_access_denied_matched_policy[none]")
  }

  @Test func addressesAndPorts() {
    #expect(allows(.destinationIp(range("10.0.0.0", 24))))
    #expect(!allows(.destinationIp(range("10.0.1.0", 24))))
    #expect(allows(.destinationIp(range("99.0.0.0", 0))))
    #expect(!allows(.destinationIp(range("::", 0))))
    #expect(allows(by: .directRemoteIp(range("10.9.0.0", 16))))
    #expect(allows(by: .sourceIp(range("10.9.9.9", 99))))
    #expect(!allows(by: .directRemoteIp(range("2001:db8::", 32))))
    #expect(allows(by: .remoteIp(range("2001:db8::", 64))))
    #expect(allows(by: .remoteIp(range("2001:db8::6", 127))))
    #expect(!allows(by: .remoteIp(range("2001:db8::6", 128))))
    #expect(!allows(.destinationIp(range("no address", 0))))
    #expect(allows(.destinationPort(8080)))
    #expect(!allows(.destinationPort(8081)))
    var ports = Int32Range()
    (ports.start, ports.end) = (8000, 8080)
    #expect(!allows(.destinationPortRange(ports)))
    ports.end = 8081
    #expect(allows(.destinationPortRange(ports)))
    let unnamed = Facts(localAddress: nil, directRemoteAddress: nil, remoteAddress: Reactor.SocketAddress.unspecified)
    #expect(!allows(.destinationPort(0), unnamed))
    #expect(!allows(by: .remoteIp(range("0.0.0.0", 0)), unnamed))
  }

  @Test func thePeerGoesByEachOfItsNames() {
    let peer = RBACPeer(
      uriSANs: ["spiffe://d/ns/n/sa/a", "spiffe://d/other"], dnsSANs: ["a.example"], subject: "CN=a,O=b")
    let facts = Facts(peer: peer)
    for name in peer.uriSANs + peer.dnsSANs + [peer.subject] {
      #expect(allows(by: .authenticated(principalName: StringMatcher(.exact(name))), facts))
    }
    #expect(!allows(by: .authenticated(principalName: StringMatcher(.exact("spiffe://d/ns/n/sa"))), facts))
    #expect(allows(by: .authenticated(principalName: StringMatcher(.prefix("spiffe://d/ns/n/"))), facts))
    #expect(allows(by: .authenticated(principalName: nil), facts))
    #expect(allows(by: .authenticated(principalName: nil), Facts(peer: RBACPeer())))
    #expect(!allows(by: .authenticated(principalName: nil), Facts()))
    #expect(!allows(by: .authenticated(principalName: StringMatcher(.exact(""))), Facts()))
  }

  @Test func headersPathsAndServerNames() {
    var header = EnvoyConfig.HeaderMatcher()
    header.name = "x-role"
    header.specifier = .string(StringMatcher(.exact("admin")))
    #expect(allows(.header(header), Facts(headers: ["x-role": "admin"])))
    #expect(!allows(.header(header), Facts(headers: ["x-role": "user"])))
    #expect(!allows(.header(header), Facts()))
    let arena = RouteArena()
    #expect(allows(.urlPath(StringMatcher(.prefix("/open"))), Facts(pathText: arena.bytes("/open/x"))))
    #expect(!allows(.urlPath(StringMatcher(.exact("/open"))), Facts(pathText: arena.bytes("/open/x"))))
    #expect(allows(.requestedServerName(StringMatcher(.exact(""))), Facts()))
    #expect(
      allows(
        .requestedServerName(StringMatcher(.suffix(".example"))),
        Facts(requestedServerName: Array("a.example".utf8))))
  }

  @Test func metadataComesFromRequestsAndRoutes() {
    func metadata(
      _ value: EnvoyConfig.ValueMatcher, _ path: [String] = ["a", "b"], invert: Bool = false,
      source: RBAC.SourcedMetadata.MetadataSource = .dynamic
    ) -> RBAC.Permission {
      var sourced = RBAC.SourcedMetadata()
      sourced.metadataMatcher.filter = "f"
      sourced.metadataMatcher.path = path
      sourced.metadataMatcher.value = value
      sourced.metadataMatcher.invert = invert
      sourced.metadataSource = source
      return .metadata(sourced)
    }
    func object(_ members: (String, StructValue)...) -> StructValue {
      .object(members.map { StructValue.Member(name: $0.0, value: $0.1) })
    }
    let text = StructValue.string("x", origin: .none)
    let values = object(
      ("b", .list([.number(2), text])), ("c", .null), ("d", .number(1.5)), ("e", .bool(false)), ("f", text))
    let facts = Facts(metadata: ["f": object(("a", values))])
    #expect(allows(metadata(.listMatch(.stringMatch(StringMatcher(.exact("x"))))), facts))
    #expect(!allows(metadata(.stringMatch(StringMatcher(.exact("x")))), facts))
    #expect(allows(metadata(.stringMatch(StringMatcher(.prefix("x"))), ["a", "f"]), facts))
    #expect(allows(metadata(.nullMatch, ["a", "c"]), facts))
    #expect(!allows(metadata(.nullMatch, ["a", "z"]), facts))
    #expect(allows(metadata(.doubleMatch(.exact(1.5)), ["a", "d"]), facts))
    #expect(allows(metadata(.doubleMatch(.range(start: 1.5, end: 2)), ["a", "d"]), facts))
    #expect(!allows(metadata(.doubleMatch(.range(start: 1, end: 1.5)), ["a", "d"]), facts))
    #expect(allows(metadata(.boolMatch(false), ["a", "e"]), facts))
    #expect(allows(metadata(.presentMatch(true), ["a"]), facts))
    #expect(!allows(metadata(.presentMatch(false), ["a", "f", "deeper"]), facts))
    #expect(!allows(metadata(.presentMatch(false), ["a", "f"]), facts))
    #expect(allows(metadata(.orMatch([.nullMatch, .boolMatch(false)]), ["a", "e"]), facts))
    #expect(allows(metadata(.nullMatch, ["a", "z"], invert: true), facts))
    #expect(!allows(metadata(.presentMatch(true), ["a"], source: .route), facts))
    let route = Facts(routeMetadata: ["f": object(("a", values))])
    #expect(allows(metadata(.presentMatch(true), ["a"], source: .route), route))
  }
}
