import Reactor
import Telemetry

/// An accepted connection while the listener filters look at its first bytes; then its filter chain is chosen.
///
///     inspecting --told apart--> chain chosen
///         |  \--timeout--> chosen by what is known (continue_on_listener_filters_timeout), or closed
///         +--peer gone, too large--> closed
final class ListenerFilterStage: PeekingSocket {
  private let listener: WorkerListener
  private let inspector: TLSInspectorInfo
  private let arrival: Arrival
  private var timer = Timer()
  /// Of the loop's clock.
  let startedAt: Int64

  init(_ listener: WorkerListener, _ inspector: TLSInspectorInfo, _ arrival: Arrival) {
    self.listener = listener
    self.inspector = inspector
    self.arrival = arrival
    startedAt = listener.worker.loop.now
    super.init(listener.worker.loop, limit: inspector.maxClientHelloSize)
  }

  /// - Throws: the kernel refuses to watch the socket.
  func start(at socket: consuming Descriptor) throws(SystemError) {
    try startPeeking(at: socket)
    shard.adjust(listener.info.stats[.downstreamPreCxActive], by: 1)
    let timeout = listener.info.listenerFiltersTimeout
    if timeout > 0 { timer.arm(listener.worker.loop, self, id: 0, after: timeout) }
  }

  private var shard: StatsShard { listener.worker.shard }

  override func peeked(_ bytes: ByteView, atEnd: Bool, isReset: Bool) {
    let outcome = ClientHello.parse(bytes, limit: inspector.maxClientHelloSize)
    inspector.count(outcome, bytes: bytes.count, shard)
    switch outcome {
    case .found(let hello):
      choose(DownstreamSocket(serverName: hello.serverName), "tls", hello.applicationProtocols)
    case .notTLS(let failure) where inspector.closesOnParsingErrors:
      refuse(DownstreamSocket(inspectionFailure: failure))
    case .notTLS(let failure): choose(DownstreamSocket(inspectionFailure: failure))
    case .tooLarge: refuse(DownstreamSocket())
    // As Envoy: a connection that is reset counts only where nothing had come.
    case .needsMore where atEnd && isReset: refuse(DownstreamSocket())
    case .needsMore where atEnd:
      shard.increment(listener.info.stats[.downstreamListenerFilterRemoteClose])
      refuse(DownstreamSocket())
    case .needsMore: break
    }
  }

  override func peekFailed(_ code: Int32) {
    shard.increment(listener.info.stats[.downstreamListenerFilterError])
    refuse(DownstreamSocket())
  }

  override func timerFired(_ id: UInt8) {
    shard.increment(listener.info.stats[.downstreamPreCxTimeout])
    if listener.info.continuesOnListenerFiltersTimeout {
      choose(DownstreamSocket())
    } else {
      refuse(DownstreamSocket())
    }
  }

  private func choose(
    _ socket: DownstreamSocket, _ transport: StaticString = "raw_buffer", _ protocols: [[UInt8]] = []
  ) {
    leave()
    guard let descriptor = take() else { return }
    listener.filtersPassed(descriptor, arrival, socket, transport, protocols)
  }

  private func refuse(_ socket: DownstreamSocket) {
    leave()
    let local = arrival.destination ?? localAddress
    close()
    listener.logRefused(socket, remote: arrival.remote, local: local, since: startedAt)
  }

  private func leave() {
    timer.disarm()
    shard.adjust(listener.info.stats[.downstreamPreCxActive], by: -1)
  }
}
