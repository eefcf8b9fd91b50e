/// What the app is answered: a value, but for the addresses it gives out.
package struct DNSResponder: Sendable {
  package enum Verdict: Sendable, Equatable {
    case reply([UInt8])
    /// The host's resolver knows.
    case forward
  }

  /// The names of the host inside.
  package static let hostNames: Set<String> = ["host.pillion.internal", "host.docker.internal"]
  /// Seconds. The addresses stay, but a cache that outlives the app would mislead the next.
  package static let timeToLive: UInt32 = 30

  private let names: RoutedNames
  private let addresses: VirtualAddresses
  private let policy: OutboundTrafficPolicy
  /// Whether the namespace has IPv6.
  private let hasIPv6: Bool
  /// Whether the host reaches others over IPv6.
  private let hostHasIPv6: Bool
  /// ".corp.example": what the app's resolver may have put behind a name before it asks for the name itself.
  private let searchSuffixes: [String]

  /// - Parameter search: the search list that the app's resolver may have.
  package init(
    _ names: RoutedNames, _ addresses: VirtualAddresses, policy: OutboundTrafficPolicy, hasIPv6: Bool,
    hostHasIPv6: Bool, search: [String] = []
  ) {
    searchSuffixes = search.map(Self.suffix).filter { $0.utf8.count > 1 }
    self.names = names
    self.addresses = addresses
    self.policy = policy
    self.hasIPv6 = hasIPv6
    self.hostHasIPv6 = hostHasIPv6
  }

  /// - Parameter limit: bytes that the reply may have.
  package func answer(_ question: DNSQuestion, limit: Int) -> Verdict {
    guard question.recordClass == DNSQuestion.internet else {
      return .reply(DNSReply.make(.notImplemented, to: question))
    }
    if Self.hostNames.contains(question.name) { return reply([VirtualAddresses.host.ipv4], [], question) }
    if question.name == "localhost" || question.name.hasSuffix(".localhost") {
      return reply([[127, 0, 0, 1]], [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]], question)
    }
    if let name = routedName(question.name) {
      guard let pair = addresses.pair(for: name) else {
        return .reply(DNSReply.make(.serverFailure, to: question))
      }
      return reply([pair.ipv4], [pair.ipv6], question)
    }
    if policy == .registryOnly { return .reply(DNSReply.make(.nameError, to: question)) }
    // With every address local a connect over IPv6 always works, and nobody would fall back to IPv4.
    if question.type == DNSQuestion.RecordType.aaaa, !hostHasIPv6 { return reply([], [], question) }
    return .forward
  }

  /// The name of the configuration that is meant. A resolver may ask for "shop.corp.example" first where the app said "shop",
  /// and the host's name server could know one.
  private func routedName(_ name: String) -> String? {
    if names.contains(name) { return name }
    for suffix in searchSuffixes where name.hasSuffix(suffix) {
      let stripped = String(name.dropLast(suffix.count))
      if names.contains(stripped) { return stripped }
    }
    return nil
  }

  /// "Corp.Example." as it ends a question's name.
  private static func suffix(_ domain: String) -> String {
    let name = domain.lowercased()
    return "." + (name.hasSuffix(".") ? String(name.dropLast()) : name)
  }

  /// Other types than addresses: the name exists, and has none of those.
  private func reply(_ ipv4: [[UInt8]], _ ipv6: [[UInt8]], _ question: DNSQuestion) -> Verdict {
    let found: [[UInt8]] =
      switch question.type {
      case DNSQuestion.RecordType.a: ipv4
      case DNSQuestion.RecordType.aaaa: hasIPv6 ? ipv6 : []
      default: []
      }
    return .reply(DNSReply.make(addresses: found, timeToLive: Self.timeToLive, to: question))
  }
}
