extension FilterChainMatch.ConnectionSourceType: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("ANY", 0, .any), ("SAME_IP_OR_LOOPBACK", 1, .sameIpOrLoopback), ("EXTERNAL", 2, .external),
  ]
}

extension FilterChainMatch: ConfigMessage {
  static let typeName = "envoy.config.listener.v3.FilterChainMatch"

  init(from reader: inout MessageReader) {
    reader.integer("destination_port", &destinationPort, in: 1...UInt16.max)
    reader.messages("prefix_ranges", &prefixRanges)
    readServerNames(&reader)
    reader.string("transport_protocol", &transportProtocol)
    reader.strings("application_protocols", &applicationProtocols)
    reader.messages("direct_source_prefix_ranges", &directSourcePrefixRanges)
    reader.enumeration("source_type", &sourceType)
    reader.messages("source_prefix_ranges", &sourcePrefixRanges)
    reader.integers("source_ports", &sourcePorts, in: 1...UInt16.max)
    // Envoy has not implemented them either, and refuses them.
    reader.refuseOneof("address_suffix")
    reader.refuseOneof("suffix_len")
  }

  private mutating func readServerNames(_ reader: inout MessageReader) {
    let context = reader.context
    for index in reader.elements("server_names") {
      guard let name = context.string(at: index) else { continue }
      serverNames.append(name.lowercased())
      if name.contains("*"), !name.hasPrefix("*.") {
        context.report(
          index, "partial wildcards are not supported in \"server_names\"", allowed: "a name or *.NAME is allowed")
      }
    }
  }
}

/// The matches of a listener's filter chains, of which no two may take the same connection with the same right.
struct FilterChainOverlaps {
  /// The most combinations of criteria that the chains of a listener may have together.
  static let maximumCount = 1_000_000

  private var names: [FilterChainMatch: String] = [:]
  /// A text for each combination of one value of each criterion.
  private var combinations: Set<String> = []

  /// The problem with `chain` beside those added before; nil when there is none.
  mutating func add(_ chain: FilterChain) -> ConfigProblem? {
    let allowed = "chains that differ in a criterion are allowed"
    if let other = names.updateValue(chain.name, forKey: chain.filterChainMatch) {
      return ConfigProblem(
        "filter chain '\(chain.name)' has the same matching rules defined as '\(other)'", allowed: allowed)
    }
    let criteria = Self.criteria(of: chain.filterChainMatch)
    let room = Self.maximumCount - combinations.count
    guard Self.product(criteria.map(\.count), limit: room) != nil else {
      return ConfigProblem(
        "the criteria of the listener's chains have too many combinations",
        allowed: "at most \(Self.maximumCount) are allowed")
    }
    let found = criteria.reduce([""]) { heads, values in
      heads.flatMap { head in values.map { "\(head)\($0)\u{0}" } }
    }
    let count = combinations.count
    combinations.formUnion(found)
    if combinations.count == count + found.count { return nil }
    return ConfigProblem("multiple filter chains with overlapping matching rules are defined", allowed: allowed)
  }

  /// Nil when it is more than `limit`.
  private static func product(_ counts: [Int], limit: Int) -> Int? {
    var product = 1
    for count in counts {
      let (next, overflow) = product.multipliedReportingOverflow(by: count)
      if overflow || next > limit { return nil }
      product = next
    }
    return product
  }

  /// The values of each criterion; one that says nothing has the empty text.
  private static func criteria(of match: FilterChainMatch) -> [[String]] {
    let ports = match.sourcePorts.map { "\($0)" }
    let lists = [
      match.prefixRanges.map(\.canonical), match.serverNames.map(serverName), match.applicationProtocols,
      match.directSourcePrefixRanges.map(\.canonical), match.sourcePrefixRanges.map(\.canonical), ports,
    ]
    let port = match.destinationPort.map { "\($0)" } ?? ""
    return [[port], [match.transportProtocol], ["\(match.sourceType)"]] + lists.map { $0.isEmpty ? [""] : $0 }
  }

  /// As Envoy: `*.name` and `.name` are the same.
  private static func serverName(_ name: String) -> String { name.hasPrefix("*.") ? String(name.dropFirst()) : name }
}
