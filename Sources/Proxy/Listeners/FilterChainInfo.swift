import EnvoyConfig

/// A filter chain of the configuration, ready for use: shared by all workers, never changed.
package final class FilterChainInfo: Sendable {
  /// What the filter chain ends in.
  enum NetworkFilter: Sendable {
    case connectionManager(ConnectionManagerInfo)
    case tcpProxy(TcpProxyInfo)
    /// No filter at all: each connection is closed as it comes.
    case noFilter
  }

  package let name: String
  let filter: NetworkFilter
  /// Nil for plain text.
  let tls: TLSSocketFactory?
  /// Nanoseconds that the handshake may take; 0: any time.
  let transportSocketConnectTimeout: Int64

  init(_ config: FilterChain, filter: NetworkFilter, tls: TLSSocketFactory?) {
    name = config.name
    self.filter = filter
    self.tls = tls
    transportSocketConnectTimeout = config.transportSocketConnectTimeout.nanoseconds
  }
}
