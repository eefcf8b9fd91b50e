import EnvoyConfig
import Glibc
import Reactor

/// Picks a connection's filter chain (`FilterChainMatch`), in Envoy's order: destination port, destination address, server
/// name, transport protocol, application protocols, address of the direct peer, source type, source address, source port.
///
/// At each step the most specific criterion that fits counts, among the chains that the steps before have left, and chains
/// that ask for another are out, for good: a later step that leaves none does not take an earlier one back.
struct FilterChainTable: Sendable {
  /// What is known of a connection before its chain is chosen.
  struct Criteria {
    var destination: Reactor.SocketAddress?
    var source: Reactor.SocketAddress?
    /// The peer itself, where `source` is whom it speaks for.
    var directSource: Reactor.SocketAddress?
    /// In lower case; empty for none.
    var serverName: [UInt8] = []
    /// "tls" or "raw_buffer"; empty where no listener filter has looked.
    var transportProtocol: StaticString = ""
    var applicationProtocols: [[UInt8]] = []
  }

  private let rules: [Rule]

  /// - Parameter matches: no two of which a connection could fit equally well: the decoder refuses those.
  init(_ matches: [FilterChainMatch]) { rules = matches.map { Rule($0) } }

  /// The index of the connection's chain; nil where none fits.
  func chain(for connection: Criteria) -> Int? {
    var left = Array(rules.indices)
    keepPort(&left, connection.destination)
    keepLongest(&left, connection.destination) { rules[$0].destinations }
    keep(&left, Self.serverNameKeys(connection.serverName)) { rules[$0].serverNames.contains($1) }
    let transport = Array(ByteView(connection.transportProtocol).buffer)
    keep(&left, [transport, []]) { rules[$0].transportProtocol == $1 }
    keep(&left, connection.applicationProtocols + [[]]) { rules[$0].applicationProtocols.contains($1) }
    keepLongest(&left, connection.directSource ?? connection.source) { rules[$0].directSources }
    keep(&left, [Self.isLocal(connection) ? .sameIpOrLoopback : .external, .any]) { rules[$0].sourceType == $1 }
    keepLongest(&left, connection.source) { rules[$0].sources }
    keep(&left, [connection.source?.port ?? 0, nil]) { rules[$0].sourcePorts.contains($1) }
    return left.first
  }

  /// Keeps the chains that have the first of the keys that any of them has.
  private func keep<Key>(_ left: inout [Int], _ keys: [Key], _ has: (Int, Key) -> Bool) {
    for key in keys where left.contains(where: { has($0, key) }) { return left.removeAll { !has($0, key) } }
    left = []
  }

  private func keepPort(_ left: inout [Int], _ destination: Reactor.SocketAddress?) {
    let port = destination?.isIP == true ? destination?.port : nil
    keep(&left, [port, nil]) { rules[$0].destinationPort == $1 }
  }

  /// Keeps the chains that have the longest range around the address.
  private func keepLongest(_ left: inout [Int], _ address: Reactor.SocketAddress?, _ ranges: (Int) -> [AddressRange?]) {
    // As in Envoy, what is no IP address fits no range but those of chains that ask for none.
    let longest = left.compactMap { longestMatch(ranges($0), address) }.max()
    left.removeAll { longestMatch(ranges($0), address) != longest || longest == nil }
  }

  /// Bits of the longest range around the address; -1 for a chain that takes any, nil for none.
  private func longestMatch(_ ranges: [AddressRange?], _ address: Reactor.SocketAddress?) -> Int? {
    ranges.compactMap { range in
      guard let range else { return -1 }
      return range.contains(address) ? range.length : nil
    }.max()
  }

  /// "www.example.com", then ".example.com", ".com", and then nothing.
  private static func serverNameKeys(_ name: [UInt8]) -> [[UInt8]] {
    var keys = [name]
    for (index, byte) in name.enumerated() where byte == UInt8(ascii: ".") && index > 0 && index < name.count - 1 {
      keys.append(Array(name[index...]))
    }
    if !name.isEmpty { keys.append([]) }
    return keys
  }

  private static func isLocal(_ connection: Criteria) -> Bool {
    guard let source = connection.source else { return true }
    // As Envoy: of 127.0.0.0/8 only the first address counts.
    if !source.isIP || source.isLoopback && (source.family == AF_INET6 || source.ipBytes == [127, 0, 0, 1]) {
      return true
    }
    return connection.destination?.with(port: 0) == source.with(port: 0)
  }
}

/// One chain's criteria as they are looked up: nil, or empty bytes, for "anything".
private struct Rule: Sendable {
  let destinationPort: UInt16?
  let destinations: [AddressRange?]
  let serverNames: [[UInt8]]
  let transportProtocol: [UInt8]
  let applicationProtocols: [[UInt8]]
  let directSources: [AddressRange?]
  let sourceType: FilterChainMatch.ConnectionSourceType
  let sources: [AddressRange?]
  let sourcePorts: [UInt16?]

  init(_ match: FilterChainMatch) {
    destinationPort = match.destinationPort
    destinations = Self.ranges(match.prefixRanges)
    serverNames = match.serverNames.isEmpty ? [[]] : match.serverNames.map(Self.serverName)
    transportProtocol = Array(match.transportProtocol.utf8)
    applicationProtocols =
      match.applicationProtocols.isEmpty ? [[]] : match.applicationProtocols.map { Array($0.utf8) }
    directSources = Self.ranges(match.directSourcePrefixRanges)
    sourceType = match.sourceType
    sources = Self.ranges(match.sourcePrefixRanges)
    sourcePorts = match.sourcePorts.isEmpty ? [nil] : match.sourcePorts
  }

  private static func ranges(_ ranges: [CidrRange]) -> [AddressRange?] {
    ranges.isEmpty ? [nil] : ranges.compactMap { AddressRange($0) }
  }

  /// "*.example.com" is looked up as ".example.com".
  private static func serverName(_ name: String) -> [UInt8] {
    let bytes = name.utf8.map(asciiLowercased)
    return bytes.starts(with: [UInt8(ascii: "*"), UInt8(ascii: ".")]) ? Array(bytes.dropFirst()) : bytes
  }
}
