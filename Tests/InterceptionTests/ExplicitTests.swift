import EnvoyConfig
import Proxy
import Reactor
import Testing

@testable import Interception

@Suite struct AppVariableTests {
  private func value(_ text: String, _ place: String? = nil) -> String? {
    AppVariable(text).map { $0.value { _ in place } }
  }

  @Test func placesAreWrittenForNames() throws {
    let text = "URL=pg://u@{DB.internal:5432}/x?y={z}&{c:99999}{[2001:db8::1]:1}"
    #expect(value(text) == "pg://u@DB.internal:5432/x?y={z}&{c:99999}[2001:db8::1]:1")
    #expect(value(text, "127.0.0.1:9") == "pg://u@127.0.0.1:9/x?y={z}&{c:99999}127.0.0.1:9")
    let targets = ["db.internal:5432", "[2001:db8::1]:1"].map { ForwardTarget($0) }
    #expect(try #require(AppVariable(text)).targets == targets)
  }

  @Test(arguments: ["", "{", "}", "{}", "{{a:1", "a=b=c", "{\"a\":1}", "{a:1"])
  func otherBracesStay(_ text: String) { #expect(value("X=" + text, "place") == text) }

  @Test func placesStandInBracesOfOthers() { #expect(value("X={{a:1}}", "p") == "{p}") }

  @Test func aVariableHasAName() {
    for text in ["", "=x", "x", "x=\0"] { #expect(AppVariable(text) == nil) }
    #expect(value("X=") == "")
  }

  @Test func theLastOfANameCounts() {
    let variables = ["A=1", "B=2", "A=3"].compactMap { AppVariable($0) }
    #expect(AppVariable.environment(variables) { _ in nil }.sorted() == ["A=3", "B=2"])
  }
}

@Suite struct ProxyVariablesTests {
  private func variables(_ user: [String: String]) -> [String: String] {
    let made = ProxyVariables.make(port: 7) { user[$0] }
    return Dictionary(made.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  @Test func nameTheProxy() {
    let made = variables([:])
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "grpc_proxy"] {
      #expect(made[name] == "http://127.0.0.1:7")
    }
    for name in ["NO_PROXY", "no_proxy"] { #expect(made[name] == "localhost,127.0.0.1,::1") }
  }

  @Test func ofAnOuterPillionAreKnownByItsMark() {
    let outer = variables([:])
    let proxies = ProxyVariables.ofOthers { $0 == "https_proxy" ? "mine" : outer[$0] }
    #expect(proxies.contains("HTTP_PROXY") && proxies.contains("grpc_proxy") && proxies.contains("PILLION_PROXY"))
    #expect(!proxies.contains("https_proxy") && !proxies.contains("NO_PROXY"))
    #expect(ProxyVariables.ofOthers { $0 == "HTTP_PROXY" ? "http://127.0.0.1:7" : nil }.isEmpty)
  }

  @Test func keepTheUsersExceptions() {
    let one = variables(["no_proxy": ".corp, localhost"])
    #expect(one["no_proxy"] == ".corp,localhost,127.0.0.1,::1" && one["NO_PROXY"] == one["no_proxy"])
    let both = variables(["no_proxy": "a", "NO_PROXY": "b"])
    #expect(both["no_proxy"] == "a,localhost,127.0.0.1,::1" && both["NO_PROXY"] == "b,localhost,127.0.0.1,::1")
  }
}

@Suite struct ForwardedOutboundTests {
  private let addresses = VirtualAddresses(["api.test"])

  private func decide(_ text: String, _ policy: OutboundTrafficPolicy = .allowAny) throws -> ForwardDecision {
    let names = RoutedNames(
      [httpListener("out", "0.0.0.0", 15001, domains: ["api.test", "*.wild.test"], chainPort: 80)],
      captureListener: "out")
    var range = CidrRange()
    range.addressPrefix = "192.0.2.0"
    range.prefixLen = 24
    let known = try #require(AddressRange(range))
    return ForwardedOutbound(addresses, names, policy: policy, known: [known], ownPort: 7)
      .decide(try #require(ForwardTarget(text)))
  }

  private func address(ip: String, port: UInt16) -> Reactor.SocketAddress? { .init(ip: ip, port: port) }

  private func isRefused(_ decision: ForwardDecision) -> Bool {
    if case .refuse = decision { return true }
    return false
  }

  @Test func namesOfTheConfigurationHaveTheirAddresses() throws {
    for name in ["api.test", "a.b.wild.test"] {
      let address = try #require(addresses.pair(for: name)?.address(port: 80))
      #expect(try decide("\(name):80", .registryOnly) == .serve(address))
    }
  }

  @Test func othersAreTheHosts() throws {
    #expect(try decide("other.test:80") == .resolve(name: "other.test"))
    #expect(try decide("api.test:443") == .resolve(name: "api.test"))
    let outside = try #require(address(ip: "198.51.100.1", port: 443))
    #expect(try decide("198.51.100.1:443") == .serve(outside))
  }

  @Test func onlyTheConfigurationsAreAllowed() throws {
    for text in ["other.test:80", "api.test:443", "198.51.100.1:443"] {
      #expect(try isRefused(decide(text, .registryOnly)), "\(text)")
    }
    #expect(try !isRefused(decide("192.0.2.9:443", .registryOnly)))
  }

  @Test(arguments: [
    "localhost:9", "a.localhost:9", "127.0.0.1:9", "0.0.0.0:9", "host.docker.internal:9", "host.pillion.internal:9",
  ])
  func loopbackIsTheHosts(_ text: String) throws {
    let there = try #require(address(ip: "127.0.0.1", port: 9))
    #expect(try decide(text, .registryOnly) == .hand(listener: CapturedOutbound.hostListener, destination: there))
  }

  @Test func itDoesNotGoToItself() throws {
    for text in ["localhost:7", "127.0.0.1:7", "0.0.0.0:7", "[::]:7", "[::1]:7", "host.pillion.internal:7"] {
      #expect(try isRefused(decide(text)), "\(text)")
    }
  }
}
