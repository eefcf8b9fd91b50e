import EnvoyConfig
import Reactor
import Telemetry

/// A listener of the configuration, ready for use: shared by all workers, never changed.
package final class ListenerInfo: Sendable {
  /// Which of a listener's filter chains is a connection's.
  enum ChainChoice: Sendable {
    /// There is but one, for all.
    case only(Int)
    /// By what the connection is; `fallback` (default_filter_chain) is for what fits none.
    case matched(FilterChainTable, fallback: Int?)
  }

  package let name: String
  package let config: Listener
  /// Where it listens, the port as the kernel gave it.
  package let address: Reactor.SocketAddress
  let bufferLimit: Int
  let tcpKeepalive: TcpKeepaliveOptions?
  let stats: StatBlock<ListenerStat>
  let workerStats: [StatBlock<WorkerListenerStat>]
  let connectionLength: HistogramID
  let chains: [FilterChainInfo]
  let chainChoice: ChainChoice
  /// Nil where nothing looks at a connection before its chain is chosen.
  let inspector: TLSInspectorInfo?
  /// Nanoseconds; 0: none.
  let listenerFiltersTimeout: Int64
  let continuesOnListenerFiltersTimeout: Bool
  let accessLogs: [AccessLogInfo]
  /// Whether connections have an original destination: `use_original_dst`, or an original_dst listener filter.
  let restoresDestination: Bool
  /// Who sees the connections of an app that is captured first; nil for a listener that captures none.
  let capture: (any CapturePolicy)?

  init(
    _ config: Listener, address: Reactor.SocketAddress, scope: Scope, concurrency: Int, chains: [FilterChainInfo],
    choice: ChainChoice, inspector: TLSInspectorInfo?, accessLogs: [AccessLogInfo],
    capture: (any CapturePolicy)? = nil
  ) {
    self.config = config
    self.address = address
    name = config.name.isEmpty ? Self.makeName() : config.name
    bufferLimit = scope.bufferLimit
    tcpKeepalive = config.tcpKeepalive.map { TcpKeepaliveOptions($0) }
    stats = scope.scope.block(ListenerStat.self)
    workerStats = (0..<concurrency).map { scope.scope.scope("worker_\($0).").block(WorkerListenerStat.self) }
    connectionLength = scope.scope.histogram("downstream_cx_length_ms")
    self.chains = chains
    chainChoice = choice
    self.inspector = inspector
    listenerFiltersTimeout = config.listenerFiltersTimeout.nanoseconds
    continuesOnListenerFiltersTimeout = config.continueOnListenerFiltersTimeout
    self.accessLogs = accessLogs
    restoresDestination = config.restoresDestination
    self.capture = capture
  }

  /// As Envoy: a listener without a name gets a UUID for one.
  private static func makeName() -> String {
    var random = RandomGenerator()
    var name = ""
    RequestID.make(&random) { name = $0.string }
    return name
  }

  /// What a network filter needs to know of its listener.
  struct Scope {
    let scope: StatsScope
    let bufferLimit: Int
    let port: UInt16
  }

  static func scope(_ config: Listener, address: Reactor.SocketAddress, store: StatsStore) -> Scope {
    let label = config.statPrefix.isEmpty ? statName(address) : config.statPrefix
    return Scope(
      scope: store.scope("listener.\(label)."), bufferLimit: Int(config.perConnectionBufferLimitBytes),
      port: address.port)
  }

  /// As Envoy writes an address into a counter's name: "127.0.0.1_80", "[__1]_80".
  static func statName(_ address: Reactor.SocketAddress) -> String {
    String(decoding: address.description.utf8.map { $0 == UInt8(ascii: ":") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
  }
}

extension Listener {
  /// Whether it looks for the original destination of its connections.
  package var restoresDestination: Bool {
    if useOriginalDst { return true }
    return listenerFilters.contains { filter in
      if case .originalDst = filter.config { return true }
      return false
    }
  }
}
