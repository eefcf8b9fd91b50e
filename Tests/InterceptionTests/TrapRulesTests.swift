import Glibc
import Reactor
import Testing

@testable import Interception

@Suite struct TokenAddressesTests {
  private func address(_ index: Int) -> SocketAddress { SocketAddress(ipv4: UInt32(0x0a00_0000 + index), port: 80) }

  @Test func aDestinationKeepsItsToken() throws {
    let tokens = TokenAddresses()
    let first = tokens.token(for: address(1), port: 4000)
    #expect(first.description == "127.16.0.1:4000")
    #expect(tokens.token(for: address(2), port: 4000) != first)
    #expect(tokens.token(for: address(1), port: 4000) == first)
    #expect(tokens.destination(of: first) == address(1))
  }

  @Test func portsAndFamiliesAreDestinationsOfTheirOwn() throws {
    let tokens = TokenAddresses()
    let six = try #require(SocketAddress(ip: "2001:db8::1", port: 80))
    let found = Set([address(1), address(1).with(port: 81), six].map { tokens.token(for: $0, port: 1) })
    #expect(found.count == 3)
    #expect(found.map { tokens.destination(of: $0) }.contains(six))
  }

  @Test func theOldestGoes() {
    let tokens = TokenAddresses(limit: 4)
    let first = tokens.token(for: address(0), port: 1)
    for index in 1...4 { _ = tokens.token(for: address(index), port: 1) }
    #expect(tokens.destination(of: first) == nil)
    let again = tokens.token(for: address(0), port: 1)
    #expect(again != first && tokens.destination(of: again) == address(0))
    #expect(tokens.destination(of: first) == nil)
  }

  @Test func numbersComeBackOnlyWhenAllHadTheirTurn() {
    let tokens = TokenAddresses(limit: 2)
    let first = tokens.token(for: address(0), port: 1)
    for index in 1..<(1 << 20) - 1 { _ = tokens.token(for: address(index), port: 1) }
    #expect(tokens.token(for: address(-1), port: 1) == first)
    #expect(tokens.destination(of: first) == address(-1))
  }

  @Test(arguments: ["127.0.0.1", "127.16.0.0", "127.16.0.9", "127.32.0.1", "10.16.0.1", "::1"])
  func otherAddressesAreNoTokens(_ text: String) throws {
    let tokens = TokenAddresses()
    _ = tokens.token(for: address(1), port: 1)
    #expect(tokens.destination(of: try #require(SocketAddress(ip: text, port: 1))) == nil)
  }
}

@Suite struct TrappedAddressTests {
  @Test func bytesOfBothFamilies() throws {
    let four = try #require(SocketAddress(ip: "192.0.2.1", port: 80))
    let bytes = TrappedAddress.bytes(of: four, isIPv6: false)
    #expect(bytes == [2, 0, 0, 80, 192, 0, 2, 1] + Array(repeating: 0, count: 8))
    #expect(TrappedAddress(bytes) == .ip(four, isIPv6: false))
    let mapped = TrappedAddress.bytes(of: four, isIPv6: true)
    #expect(
      mapped.count == 24 && mapped[8...].elementsEqual(Array(repeating: 0, count: 10) + [255, 255, 192, 0, 2, 1]))
    #expect(TrappedAddress(mapped) == .ip(four, isIPv6: true))
    let six = try #require(SocketAddress(ip: "2001:db8::7", port: 443))
    #expect(TrappedAddress(TrappedAddress.bytes(of: six, isIPv6: true)) == .ip(six, isIPv6: true))
  }

  @Test func whatTheKernelWouldRefuse() {
    let four = TrappedAddress.bytes(of: SocketAddress(ipv4: 1, port: 1), isIPv6: false)
    for bytes in [
      [], [2], Array(four.prefix(15)), [10, 0] + four, [0, 0], [16, 0, 1], Array(repeating: 2, count: 129),
    ] {
      #expect(TrappedAddress(bytes) == .other)
    }
  }

  @Test func whatIsSentToNoFamilyGoesToIPv4() throws {
    let four = try #require(SocketAddress(ip: "192.0.2.1", port: 80))
    let bytes = [0, 0] + TrappedAddress.bytes(of: four, isIPv6: false).dropFirst(2)
    #expect(TrappedAddress(bytes, isSent: true) == .ip(four, isIPv6: false))
    #expect(TrappedAddress(bytes) == .other)
  }

  @Test func unixSockets() {
    #expect(TrappedAddress([1, 0] + Array("/run/x".utf8) + [0, 7]) == .unix(path: "/run/x"))
    #expect(TrappedAddress([1, 0] + Array("/run/x".utf8)) == .unix(path: "/run/x"))
    #expect(TrappedAddress([1, 0, 0] + Array("name".utf8)) == .unix(path: "@name"))
    #expect(TrappedAddress([1, 0]) == .other)
  }
}

@Suite struct TrapRulesTests {
  private let tokens = TokenAddresses()
  private static let udp = SocketAddress(ipv4: 127 << 24 | 1, port: 5301)
  private static let tcp = SocketAddress(ipv4: 127 << 24 | 1, port: 5302)

  private func rules(_ policy: OutboundTrafficPolicy = .allowAny) -> TrapRules {
    TrapRules(tokens, policy: policy, capturePort: 4000, dnsUDP: Self.udp, dnsTCP: Self.tcp)
  }

  private func ip(_ text: String, _ port: UInt16) throws -> TrappedAddress {
    .ip(try #require(SocketAddress(ip: text, port: port)), isIPv6: text.contains(":"))
  }

  private func decide(
    _ text: String, _ port: UInt16, _ transport: TrappedSocket.Transport = .tcp,
    _ policy: OutboundTrafficPolicy = .allowAny
  ) throws -> TrapDecision? {
    try rules(policy).decide(ip(text, port), TrappedSocket(transport))
  }

  @Test func connectionsGoToTheirTokens() throws {
    for text in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"] {
      let destination = try #require(SocketAddress(ip: text, port: 80))
      let token = tokens.token(for: destination, port: 4000)
      #expect(try decide(text, 80) == .redirect(token))
      #expect(try decide(text, 80, .tcp, .registryOnly) == .redirect(token))
    }
    #expect(try rules().decide(ip("192.0.2.1", 80)) == nil)
  }

  @Test func loopbackIsTheHosts() throws {
    for text in ["127.0.0.1", "127.16.0.1", "::1", "0.0.0.0", "::"] {
      #expect(try rules(.registryOnly).decide(ip(text, 80)) == .proceed)
      #expect(try decide(text, 4000) == .refuse(ECONNREFUSED))
      #expect(try decide(text, 4000, .udp, .registryOnly) == .proceed)
    }
    let token = tokens.token(for: SocketAddress(ipv4: 7, port: 1), port: 4000)
    #expect(rules().decide(.ip(token, isIPv6: false), TrappedSocket(.tcp)) == .proceed)
  }

  @Test func questionsComeToUs() throws {
    for text in ["8.8.8.8", "127.0.0.53", "::1", "fd00::1"] {
      #expect(try decide(text, 53, .udp, .registryOnly) == .redirect(Self.udp))
      #expect(try decide(text, 53) == .redirect(Self.tcp))
      #expect(try rules().decide(ip(text, 53), sendFlags: 0, TrappedSocket(.udp)) == .redirect(Self.udp))
    }
    for path in ["/run/nscd/socket", "/var/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve"] {
      #expect(rules().decide(.unix(path: path)) == .refuse(ECONNREFUSED))
    }
    #expect(rules(.registryOnly).decide(.unix(path: "/run/docker.sock")) == .proceed)
    #expect(rules(.registryOnly).decide(.other) == .proceed)
  }

  @Test func whoIsAskedOnLoopbackAnswers() throws {
    let any = TrapRules(
      tokens, policy: .allowAny, capturePort: 4000, dnsUDP: SocketAddress(ipv4: 0, port: 5301), dnsTCP: Self.tcp)
    let own = try #require(SocketAddress(ip: "127.0.0.53", port: 5301))
    #expect(try any.decide(ip("127.0.0.53", 53), TrappedSocket(.udp)) == .redirect(own))
    #expect(any.asked(own) == nil)
    for text in ["8.8.8.8", "::1"] {
      let asked = try #require(SocketAddress(ip: text, port: 53))
      let token = tokens.token(for: asked, port: 5301)
      #expect(try any.decide(ip(text, 53), TrappedSocket(.udp)) == .redirect(token))
      #expect(any.asked(token) == asked && any.asked(token.with(port: 4000)) == nil)
    }
  }

  @Test func otherDatagrams() throws {
    for transport in [TrappedSocket.Transport.udp, .other] {
      #expect(try decide("192.0.2.1", 443, transport) == .proceed)
      #expect(try decide("192.0.2.1", 443, transport, .registryOnly) == .refuse(ENETUNREACH))
    }
    #expect(try decide("2001:2::1", 0, .udp, .registryOnly) == .proceed)
    #expect(try decide("2001:2::1", 0, .other, .registryOnly) == .refuse(ENETUNREACH))
    let sent = try rules(.registryOnly).decide(ip("192.0.2.1", 0), sendFlags: 0, TrappedSocket(.udp))
    #expect(sent == .refuse(ENETUNREACH))
  }

  @Test func sendingThatConnects() throws {
    let address = try ip("192.0.2.1", 80)
    #expect(rules().decide(address, sendFlags: 0x2000_0000, TrappedSocket(.tcp)) == .refuse(EOPNOTSUPP))
    #expect(rules().decide(address, sendFlags: 0, TrappedSocket(.tcp)) == .proceed)
  }

  @Test func socketsThatCannotComeToUs() throws {
    for obstacle in [TrapObstacle.device, .ipv6Only] {
      let socket = TrappedSocket(.tcp, obstacle: obstacle)
      #expect(try rules().decide(ip("2001:db8::1", 80), socket) == .unreachable(obstacle))
      #expect(try rules().decide(ip("127.0.0.1", 80), socket) == .proceed)
    }
    #expect(
      try rules().decide(ip("192.0.2.1", 443), TrappedSocket(.udp, obstacle: .device)) == .proceed)
  }

  @Test func socketsOfOtherNetworksAreNotOurs() throws {
    for (port, transport) in [(UInt16(80), TrappedSocket.Transport.tcp), (53, .udp)] {
      let decision = try rules(.registryOnly).decide(
        ip("192.0.2.1", port), TrappedSocket(transport, isInOurNetwork: false))
      #expect(decision == .proceed)
    }
  }

  @Test func memoryThatIsClosed() {
    #expect(rules().decisionOnUnreadable == .proceed)
    #expect(rules(.registryOnly).decisionOnUnreadable == .refuse(ENETUNREACH))
  }

  @Test func protocols() {
    for (name, number, transport) in [
      ("TCPv6", 6, TrappedSocket.Transport.tcp), ("MPTCP", 262, .tcp), ("UDP", 17, .udp), ("UDP-Lite", 136, .udp),
      ("SCTP", 132, .other), ("PING", 1, .other),
    ] {
      #expect(TrappedSocket.transport(named: name) == transport)
      #expect(TrappedSocket.transport(ofProtocol: Int32(number)) == transport)
    }
  }
}
