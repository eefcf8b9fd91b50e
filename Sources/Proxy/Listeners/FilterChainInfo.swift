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

  init(_ config: FilterChain, filter: NetworkFilter) {
    name = config.name
    self.filter = filter
  }
}
