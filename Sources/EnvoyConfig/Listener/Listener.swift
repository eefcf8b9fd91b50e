/// `envoy.config.listener.v3.Listener`.
package struct Listener: Sendable {
  package enum TrafficDirection: Sendable {
    case unspecified
    case inbound
    case outbound
  }

  package var name = ""
  /// Where it listens. The loader refuses a listener without an address.
  package var address = Address.socketAddress(SocketAddress())
  /// Prefix of the listener's counters in place of its address.
  package var statPrefix = ""
  /// At least one, unless there is a `defaultFilterChain`; no two match the same.
  package var filterChains: [FilterChain] = []
  /// Takes the connections that no other chain takes; its match does not count.
  package var defaultFilterChain: FilterChain?
  /// In the order of their work.
  package var listenerFilters: [ListenerFilter] = []
  /// For all listener filters together; zero: none.
  package var listenerFiltersTimeout: Duration = .seconds(15)
  /// Whether a connection goes on without what the listener filters did not find in time, instead of being closed.
  package var continueOnListenerFiltersTimeout = false
  package var perConnectionBufferLimitBytes: UInt32 = 1_048_576
  package var metadata: DocumentNode?
  package var trafficDirection = TrafficDirection.unspecified
  /// One accepting socket a worker. The deprecated `reuse_port` is accepted and without effect, as in Envoy.
  package var enableReusePort = true
  /// A line for each connection, at its end.
  package var accessLog: [AccessLog] = []
  /// Length of the queue of connections not yet accepted; the system's maximum (`somaxconn`) when absent.
  package var tcpBacklogSize: UInt32?
  package var tcpKeepalive: TcpKeepalive?
  /// Whether a connection goes on to the listener whose address is its original destination, where there is one.
  package var useOriginalDst = false
  /// False: it has no socket, and gets its connections from listeners with `useOriginalDst`. The deprecated
  /// `deprecated_v1.bind_to_port` says the same.
  package var bindToPort = true
  package var origin = SourceLocation.none
  package var node: DocumentNode?

  package init() {}
}

/// `envoy.config.listener.v3.FilterChain`.
package struct FilterChain: Sendable {
  package var name = ""
  package var filterChainMatch = FilterChainMatch()
  /// The last is terminal, and only the last; without any, each connection is closed.
  package var filters: [Filter] = []
  package var transportSocket = TransportSocket.rawBuffer
  /// For the transport socket's handshake; zero: none.
  package var transportSocketConnectTimeout: Duration = .zero
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.listener.v3.Filter`: a network filter.
package struct Filter: Sendable {
  package indirect enum Config: Sendable {
    case httpConnectionManager(HttpConnectionManager)
    case tcpProxy(TcpProxy)
    /// Stands before one of the others, which are terminal.
    case rbac(NetworkRBAC)

    package var isTerminal: Bool {
      switch self {
      case .httpConnectionManager, .tcpProxy: true
      case .rbac: false
      }
    }
  }

  package var name = ""
  package var config: Config
  package var origin = SourceLocation.none

  package init(name: String, config: Config) {
    self.name = name
    self.config = config
  }
}
