import Testing

@testable import Interception

/// A query for a name, as a resolver sends it.
func query(_ name: String, type: UInt16 = 1, id: UInt16 = 0x1234, trailer: [UInt8] = []) -> [UInt8] {
  [UInt8(id >> 8), UInt8(id & 0xff), 1, 0, 0, 1, 0, 0, 0, 0, 0, trailer.isEmpty ? 0 : 1] + DNSName.encode(name)
    + [UInt8(type >> 8), UInt8(type & 0xff), 0, 1] + trailer
}

@Suite struct DNSQuestionTests {
  @Test func isRead() throws {
    let question = try DNSQuestion(query("Api.Example.COM", type: 28))
    #expect(question.name == "api.example.com")
    #expect(question.type == 28)
    #expect(question.id == 0x1234)
    #expect(question.recursionDesired)
    #expect(question.udpLimit == 512)
    #expect(question.section.starts(with: [3, 0x41, 0x70, 0x69]))
  }

  @Test func readsTheLimitOfEDNS() throws {
    #expect(try DNSQuestion(query("a", trailer: [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0])).udpLimit == 1232)
  }

  @Test(arguments: [[], [0, 1], Array(repeating: 0, count: 11)] as [[UInt8]])
  func whatIsTooShortIsIgnored(message: [UInt8]) {
    #expect(throws: DNSQuestion.Failure.ignored) { try DNSQuestion(message) }
  }

  @Test func repliesAreIgnored() {
    var message = query("a")
    message[2] |= 0x80
    #expect(throws: DNSQuestion.Failure.ignored) { try DNSQuestion(message) }
  }

  @Test func otherOperationsAreNotImplemented() {
    var message = query("a")
    message[2] |= 0x28
    #expect(throws: DNSQuestion.Failure.notImplemented(id: 0x1234)) { try DNSQuestion(message) }
  }

  @Test func everyCutIsRefused() {
    let whole = query("api.example.com")
    for length in 12..<whole.count {
      #expect(throws: DNSQuestion.Failure.malformed(id: 0x1234)) { try DNSQuestion(Array(whole[..<length])) }
    }
  }

  @Test(
    arguments: [[0xc0, 12, 0, 1, 0, 1], [64] + Array(repeating: 0x61, count: 70), [1, 0x2e, 0, 0, 1, 0, 1]] as [[UInt8]]
  )
  func oddNamesAreRefused(name: [UInt8]) {
    let message: [UInt8] = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + name
    #expect(throws: DNSQuestion.Failure.malformed(id: 0x1234)) { try DNSQuestion(message) }
  }
}

@Suite struct DNSResponderTests {
  private let addresses = VirtualAddresses(["api.test"])

  private func verdict(
    _ name: String, type: UInt16 = 1, policy: OutboundTrafficPolicy = .allowAny, hasIPv6: Bool = true,
    hostHasIPv6: Bool = false
  ) throws -> DNSResponder.Verdict {
    let listeners = [httpListener("out", "0.0.0.0", 15001, domains: ["api.test", "*.wild.test"])]
    let names = RoutedNames(listeners, captureListener: "out")
    let responder = DNSResponder(
      names, addresses, policy: policy, hasIPv6: hasIPv6, hostHasIPv6: hostHasIPv6,
      search: ResolverSettings.search(host: "search old.example\nsearch Corp.Example. . lan\n"))
    return responder.answer(try DNSQuestion(query(name, type: type)), limit: 512)
  }

  /// Reply code, and the addresses of the answers.
  private func read(_ verdict: DNSResponder.Verdict, _ size: Int = 4) throws -> (UInt8, [[UInt8]]) {
    guard case .reply(let reply) = verdict else {
      Issue.record("forwarded")
      return (0, [])
    }
    let count = Int(reply[7])
    let records = (0..<count).map { Array(reply[(reply.count - (count - $0) * (12 + size) + 12)...].prefix(size)) }
    return (reply[3] & 0x0f, records)
  }

  @Test func namesOfTheConfigurationHaveAddresses() throws {
    let pair = try #require(addresses.pair(for: "api.test"))
    #expect(try read(verdict("API.test")) == (0, [pair.ipv4]))
    #expect(try read(verdict("api.test", type: 28), 16) == (0, [pair.ipv6]))
    #expect(try read(verdict("api.test", type: 28, hasIPv6: false), 16) == (0, []))
    #expect(try read(verdict("api.test", type: 65)) == (0, []))
  }

  @Test func aSuffixOfTheSearchListIsNotMeant() throws {
    let pair = try #require(addresses.pair(for: "api.test"))
    for name in ["api.test.corp.example", "API.test.lan"] { #expect(try read(verdict(name)) == (0, [pair.ipv4])) }
    for name in ["api.test.old.example", "corp.example", "x.corp.example", "api.test.corp.example.lan"] {
      #expect(try verdict(name) == .forward, "\(name)")
    }
  }

  @Test func eachNameBelowAWildcardHasItsOwn() throws {
    let first = try read(verdict("a.wild.test")).1
    let second = try read(verdict("b.c.wild.test")).1
    #expect(first.count == 1 && second.count == 1 && first != second)
    #expect(try verdict("wild.test") == .forward)
  }

  @Test func othersAreTheHosts() throws {
    #expect(try verdict("example.com") == .forward)
    #expect(try verdict("example.com", type: 15) == .forward)
    #expect(try read(verdict("example.com", type: 28), 16) == (0, []))
    #expect(try verdict("example.com", type: 28, hostHasIPv6: true) == .forward)
    #expect(try read(verdict("example.com", policy: .registryOnly)) == (3, []))
  }

  @Test func theHostHasAName() throws {
    #expect(try read(verdict("host.pillion.internal", policy: .registryOnly)) == (0, [[240, 240, 255, 254]]))
    #expect(try read(verdict("host.docker.internal", type: 28), 16) == (0, []))
    #expect(try read(verdict("localhost")) == (0, [[127, 0, 0, 1]]))
  }

  @Test func whatDoesNotFitIsTruncated() throws {
    let question = try DNSQuestion(query("a.test"))
    let reply = DNSReply.make(
      addresses: Array(repeating: [1, 2, 3, 4], count: 40), timeToLive: 5, to: question, limit: 512)
    #expect(reply[2] & 0x02 != 0)
    #expect(reply.count < 512)
  }
}
