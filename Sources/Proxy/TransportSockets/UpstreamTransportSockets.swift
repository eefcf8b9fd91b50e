import EnvoyConfig
import Telemetry

/// A cluster's transport sockets: its own, and those that stand for hosts whose metadata asks for them
/// (`transport_socket_matches`). Shared by all workers.
package final class UpstreamTransportSockets: Sendable {
  struct Entry: Sendable {
    /// Members that a host's metadata must have.
    let match: [StructValue.Member]
    /// Nil for plain text.
    let tls: TLSSocketFactory?
    /// Hosts that were matched.
    let matchCount: StatID
  }

  private let matches: [Entry]
  private let own: Entry
  private let store: StatsStore
  /// Whether any of them speaks TLS.
  let isSecure: Bool

  /// - Parameter makeTLS: makes the TLS socket of a context.
  init(
    _ config: Cluster, scope: StatsScope, store: StatsStore, makeTLS: (UpstreamTlsContext) -> TLSSocketFactory
  ) {
    func entry(_ name: String, _ match: [StructValue.Member], _ socket: TransportSocket) -> Entry {
      var tls: TLSSocketFactory?
      if case .upstreamTls(let context) = socket { tls = makeTLS(context) }
      return Entry(match: match, tls: tls, matchCount: scope.counter("\(name).total_match_count"))
    }
    matches = config.transportSocketMatches.map { entry($0.name, $0.match, $0.transportSocket) }
    own = entry("default", [], config.transportSocket)
    isSecure = own.tls != nil || matches.contains { $0.tls != nil }
    self.store = store
  }

  /// The socket of a host; nil for plain text. An endpoint's metadata counts before its locality's.
  func resolve(_ endpoint: LbEndpoint, _ group: LocalityLbEndpoints) -> TLSSocketFactory? {
    let entry =
      matches.first { endpoint.transportSocketMatch.hasMembers(of: $0.match) }
      ?? matches.first { group.transportSocketMatch.hasMembers(of: $0.match) } ?? own
    store.add(entry.matchCount)
    return entry.tls
  }
}
