import EnvoyConfig
import Reactor
import Testing

@testable import Proxy

/// Which chain a connection gets; the orders were tried on Envoy.
@Suite struct FilterChainTableTests {
  private func connection(
    _ name: String = "", _ transport: StaticString = "", alpn: [String] = [], from: String = "127.0.0.1",
    port: UInt16 = 5000, to: String = "127.0.0.1", toPort: UInt16 = 80
  ) -> FilterChainTable.Criteria {
    FilterChainTable.Criteria(
      destination: Reactor.SocketAddress(ip: to, port: toPort), source: Reactor.SocketAddress(ip: from, port: port),
      serverName: Array(name.utf8), transportProtocol: transport, applicationProtocols: alpn.map { Array($0.utf8) })
  }

  private func range(_ prefix: String, _ length: UInt32) -> CidrRange {
    var range = CidrRange()
    range.addressPrefix = prefix
    range.prefixLen = length
    return range
  }

  @Test func takesTheLongestName() {
    let table = FilterChainTable([
      Match(serverNames: ["*.com"]), Match(serverNames: ["*.Example.com", "other.org"]),
      Match(serverNames: ["www.example.com"]), Match(),
    ])
    #expect(table.chain(for: connection("www.example.com")) == 2)
    #expect(table.chain(for: connection("a.b.example.com")) == 1)
    #expect(table.chain(for: connection("example.com")) == 0)
    #expect(table.chain(for: connection("other.org")) == 1)
    #expect(table.chain(for: connection("com")) == 3)
    #expect(table.chain(for: connection("x.org")) == 3)
    #expect(table.chain(for: connection()) == 3)
  }

  @Test func neverTakesAStepBack() {
    let table = FilterChainTable([Match(serverNames: ["a.com"], transportProtocol: "tls"), Match()])
    #expect(table.chain(for: connection("a.com", "tls")) == 0)
    #expect(table.chain(for: connection("a.com", "raw_buffer")) == nil)
    #expect(table.chain(for: connection("b.com", "tls")) == 1)
    let ports = FilterChainTable([Match(destinationPort: 80, serverNames: ["a"]), Match(serverNames: ["b"])])
    #expect(ports.chain(for: connection("b")) == nil)
    #expect(ports.chain(for: connection("b", toPort: 81)) == 1)
  }

  @Test func takesTheFirstProtocolOfTheClient() {
    let table = FilterChainTable([
      Match(applicationProtocols: ["h2"]), Match(applicationProtocols: ["http/1.1"]), Match(),
    ])
    #expect(table.chain(for: connection(alpn: ["http/1.1", "h2"])) == 1)
    #expect(table.chain(for: connection(alpn: ["x", "h2"])) == 0)
    #expect(table.chain(for: connection(alpn: ["x"])) == 2)
  }

  @Test func takesTheLongestRange() {
    let table = FilterChainTable([
      Match(prefixRanges: [range("127.0.0.0", 8)]), Match(prefixRanges: [range("127.0.0.2", 31), range("::1", 128)]),
      Match(),
    ])
    #expect(table.chain(for: connection(to: "127.0.0.1")) == 0)
    #expect(table.chain(for: connection(to: "127.0.0.3")) == 1)
    #expect(table.chain(for: connection(to: "10.0.0.1")) == 2)
    #expect(table.chain(for: connection(to: "::1")) == 1)
    #expect(table.chain(for: FilterChainTable.Criteria()) == 2)
  }

  @Test func looksAtTheSourceLast() {
    let table = FilterChainTable([
      Match(sourcePrefixRanges: [range("127.0.0.1", 32)], sourcePorts: [1, 2]),
      Match(sourcePrefixRanges: [range("127.0.0.0", 8)]), Match(sourceType: .external),
      Match(directSourcePrefixRanges: [range("10.0.0.0", 8)]),
    ])
    #expect(table.chain(for: connection(port: 2)) == 0)
    #expect(table.chain(for: connection(port: 3)) == nil)
    #expect(table.chain(for: connection(from: "127.0.0.2")) == 2)
    #expect(table.chain(for: connection(from: "192.0.2.1")) == 2)
    #expect(table.chain(for: connection(from: "192.0.2.1", to: "192.0.2.1")) == nil)
    #expect(table.chain(for: connection(from: "10.1.1.1")) == 3)
  }
}

private typealias Match = FilterChainMatch

extension FilterChainMatch {
  fileprivate init(
    destinationPort: UInt16? = nil, prefixRanges: [CidrRange] = [], serverNames: [String] = [],
    transportProtocol: String = "", applicationProtocols: [String] = [], directSourcePrefixRanges: [CidrRange] = [],
    sourceType: ConnectionSourceType = .any, sourcePrefixRanges: [CidrRange] = [], sourcePorts: [UInt16] = []
  ) {
    self.init()
    self.destinationPort = destinationPort
    self.prefixRanges = prefixRanges
    self.serverNames = serverNames
    self.transportProtocol = transportProtocol
    self.applicationProtocols = applicationProtocols
    self.directSourcePrefixRanges = directSourcePrefixRanges
    self.sourceType = sourceType
    self.sourcePrefixRanges = sourcePrefixRanges
    self.sourcePorts = sourcePorts
  }
}
