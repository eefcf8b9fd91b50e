import EnvoyConfig

/// A filter chain of the configuration, ready for use: shared by all workers, never changed.
package final class FilterChainInfo: Sendable {
  /// What the filter chain ends in.
  enum TerminalFilter: Sendable {
    case connectionManager(ConnectionManagerInfo)
    case tcpProxy(TcpProxyInfo)
    /// No filter at all: each connection is closed as it comes.
    case noFilter
  }

  package let name: String
  let filter: TerminalFilter
  /// In front of it, in their order.
  let networkFilters: [NetworkFilterInfo]
  /// Nil for plain text.
  let tls: TLSSocketFactory?
  /// Nanoseconds that the handshake may take; 0: any time.
  let transportSocketConnectTimeout: Int64

  var servesHTTP: Bool {
    if case .connectionManager = filter { return true }
    return false
  }

  /// Whether a connection has more to know of than its bytes.
  var needsSocket: Bool { tls != nil || !networkFilters.isEmpty }

  init(_ config: FilterChain, filter: TerminalFilter, networkFilters: [NetworkFilterInfo], tls: TLSSocketFactory?) {
    name = config.name
    self.filter = filter
    self.networkFilters = networkFilters
    self.tls = tls
    transportSocketConnectTimeout = config.transportSocketConnectTimeout.nanoseconds
  }
}
