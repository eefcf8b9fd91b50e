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
  package var filterChains: [FilterChain] = []
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
  package var origin = SourceLocation.none
  package var node: DocumentNode?

  package init() {}
}

/// `envoy.config.listener.v3.FilterChain`. Chain matching is not supported yet.
package struct FilterChain: Sendable {
  package var name = ""
  package var filters: [Filter] = []
  package var transportSocket = TransportSocket.rawBuffer
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.listener.v3.Filter`: a network filter.
package struct Filter: Sendable {
  package indirect enum Config: Sendable {
    case httpConnectionManager(HttpConnectionManager)
    case tcpProxy(TcpProxy)
  }

  package var name = ""
  package var config: Config
  package var origin = SourceLocation.none

  package init(name: String, config: Config) {
    self.name = name
    self.config = config
  }
}
