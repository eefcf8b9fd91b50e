import Glibc
import HTTP
import Reactor
import Security
import Telemetry

/// One upstream connection of a pool, and the request on it.
///
///     connecting --connected--> idle <--open / complete--> busy --complete, used up--> closed
///         |                      |                            |
///         +-- failure, timeout --+-- closed by peer, idle ----+--> closed
final class PoolClient: ClientCodecDelegate {
  private enum TimerID {
    static let connect: UInt8 = 0
    static let idle: UInt8 = 1
    static let duration: UInt8 = 2
  }

  private let pool: ConnectionPool
  private let info: ClusterInfo
  private let worker: Worker
  private let shard: StatsShard
  /// Place in the pool's list.
  var index = 0
  private(set) var connection: Connection?
  /// Ours, once the connection stands.
  private(set) var localAddress: SocketAddress?
  private var codec: HTTP1ClientCodec?
  /// Its router keeps it to the end of the turn in which the request ends.
  private var caller: Unretained<UpstreamCallbacks>?
  private var usesLeft: Int
  private var requests: UInt64 = 0
  private let createdAt: Int64
  private var idleSince: Int64 = 0
  private var timedOut = false
  private var expired = false
  private var connectTimer = Timer()
  private var idleTimer = Timer()
  private var durationTimer = Timer()
  let host: Host

  init(_ pool: ConnectionPool) {
    self.pool = pool
    info = pool.cluster.info
    worker = pool.cluster.worker
    shard = worker.shard
    host = pool.host
    createdAt = pool.cluster.worker.loop.now
    let limit = pool.cluster.info.maxRequestsPerConnection
    usesLeft = limit == 0 ? Int.max : limit
    super.init()
  }

  var isConnecting: Bool { connection?.isConnecting ?? false }

  /// Whether another request may be sent on it.
  var isUsable: Bool {
    usesLeft > 0 && !expired && !pool.isDraining && connection.unretained?.use { $0.isOpen } ?? false
  }

  /// The connection's TLS; nil for plain text.
  private(set) var tls: TLSSession?
  private var transport: TransportSocket?

  // MARK: Connecting

  private func makeTransport() -> TransportSocket? {
    guard let factory = host.tls else { return nil }
    transport = worker.tls(of: factory).makeSocket(to: host, pool.options, alpn: ["http/1.1"])
    tls = transport as? TLSSession
    return transport
  }

  func connect() {
    shard.increment(info.stats[.upstreamCxTotal])
    shard.adjust(info.stats[.upstreamCxActive], by: 1)
    shard.increment(info.stats[.upstreamCxHttp1Total])
    shard.increment(host.stats[.cxTotal])
    shard.adjust(host.stats[.cxActive], by: 1)
    connectTimer.arm(worker.loop, self, id: TimerID.connect, after: info.connectTimeoutNanoseconds)
    do {
      let socket = try Sockets.connect(to: host.address)
      if let keepalive = info.tcpKeepalive { keepalive.apply(to: socket.number) }
      let transport = makeTransport()
      let connection = try Connection(
        worker.loop, taking: socket, connecting: true, delegate: self, transportSocket: transport)
      connection.bufferLimit = info.bufferLimit
      connection.detectsEarlyClose = false
      self.connection = connection
      codec = HTTP1ClientCodec(
        transport: connection, delegate: self, pool: worker.headerMaps, options: info.codecOptions)
    } catch {
      connectFailure = error.code
      // The pool is in the middle of asking: the failure is told once it has done so.
      worker.loop.soon(self)
    }
  }

  private var connectFailure: Int32 = 0

  override func runLater() { connectionDidClose(.connectFailure(connectFailure)) }

  override func connectionDidConnect() {
    if let tls, let factory = host.tls { worker.tls(of: factory).countHandshake(tls) }
    connectTimer.disarm()
    localAddress = connection?.localAddress
    shard.record(info.connectMilliseconds, UInt64((worker.loop.now - createdAt) / 1_000_000))
    if info.maxConnectionDurationNanoseconds > 0 {
      durationTimer.arm(worker.loop, self, id: TimerID.duration, after: info.maxConnectionDurationNanoseconds)
    }
    becomeIdle()
    pool.clientConnected(self)
  }

  // MARK: Requests

  /// Opens a stream for the caller, whose place among the cluster's requests the pool has taken.
  func open(_ caller: UpstreamCallbacks) {
    guard let codec = codec.unretained else {
      return caller.poolFailure(.localConnectionFailure, host: host, transportFailure: .none)
    }
    self.caller = Unretained(caller)
    requests += 1
    if usesLeft != Int.max {
      usesLeft -= 1
      if usesLeft == 0 { shard.increment(info.stats[.upstreamCxMaxRequests]) }
    }
    shard.increment(info.stats[.upstreamRqTotal])
    shard.adjust(info.stats[.upstreamRqActive], by: 1)
    shard.increment(host.stats[.rqTotal])
    shard.adjust(host.stats[.rqActive], by: 1)
    host.activeRequests.wrappingAdd(1, ordering: .relaxed)
    codec.use { $0.newStream(caller) }.use { caller.poolReady($0, self) }
  }

  override func peerWillClose() { shard.increment(info.stats[.upstreamCxCloseNotify]) }

  override func streamComplete(_ decoder: StreamDecoder, _ end: ClientStreamEnd) {
    guard caller != nil else { return }
    // As Envoy: a stream that was not brought to its end is counted with its connection's.
    if end == .unfinished, let connection { return connection.close(.noFlush) }
    endRequest()
    if end == .reusable && isUsable {
      becomeIdle()
      pool.clientReady(self)
    } else {
      if end == .unaskedBytes { shard.increment(info.stats[.upstreamCxProtocolError]) }
      connection?.close(.noFlush)
    }
  }

  private func endRequest() {
    caller = nil
    pool.breaker.requests.release()
    shard.adjust(info.stats[.upstreamRqActive], by: -1)
    shard.adjust(host.stats[.rqActive], by: -1)
    host.activeRequests.wrappingSubtract(1, ordering: .relaxed)
  }

  private func becomeIdle() {
    idleSince = worker.loop.now
    if info.idleTimeoutNanoseconds > 0, !idleTimer.isArmed {
      idleTimer.arm(worker.loop, self, id: TimerID.idle, after: info.idleTimeoutNanoseconds)
    }
  }

  override func codecReadDisable(_ disable: Bool) {
    if disable { shard.increment(info.stats[.upstreamFlowControlPausedReadingTotal]) }
    if !disable { shard.increment(info.stats[.upstreamFlowControlResumedReadingTotal]) }
    connection?.readDisable(disable)
  }

  // MARK: Bytes

  override func connectionReceived(_ bytes: ByteView) -> Int {
    codec.unretained?.use { dispatch(bytes, to: $0) } ?? bytes.count
  }

  private func dispatch(_ bytes: ByteView, to codec: HTTP1ClientCodec) -> Int {
    do {
      return try codec.dispatch(bytes)
    } catch {
      if error != .unaskedRequestTimeout { protocolError() }
      connection?.close(.noFlush)
      return bytes.count
    }
  }

  private func protocolError() {
    shard.increment(info.stats[.upstreamCxProtocolError])
    brokeProtocol = true
  }

  private var brokeProtocol = false

  override func connectionDidRead(_ count: Int) { shard.add(info.stats[.upstreamCxRxBytesTotal], UInt64(count)) }

  override func connectionDidWrite(_ count: Int) { shard.add(info.stats[.upstreamCxTxBytesTotal], UInt64(count)) }

  override func connectionAboveWriteBufferHighWatermark() {
    shard.increment(info.stats[.upstreamFlowControlBackedUpTotal])
    codec?.aboveWriteBufferHighWatermark()
  }

  override func connectionBelowWriteBufferLowWatermark() {
    shard.increment(info.stats[.upstreamFlowControlDrainedTotal])
    codec?.belowWriteBufferLowWatermark()
  }

  // MARK: The end

  func closeIdle() { connection?.close(.noFlush) }

  override func timerFired(_ id: UInt8) {
    switch id {
    case TimerID.connect:
      timedOut = true
      connection?.close(.noFlush)
    case TimerID.duration:
      expired = true
      shard.increment(info.stats[.upstreamCxMaxDurationReached])
      if caller == nil { closeIdle() }
    default: checkIdle()
    }
  }

  /// The idle timer runs on while requests come and go; only when it fires is the time looked at.
  private func checkIdle() {
    let idle = caller == nil ? worker.loop.now - idleSince : 0
    if idle >= info.idleTimeoutNanoseconds {
      shard.increment(info.stats[.upstreamCxIdleTimeout])
      closeIdle()
    } else {
      idleTimer.arm(worker.loop, self, id: TimerID.idle, after: info.idleTimeoutNanoseconds - idle)
    }
  }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    connectTimer.disarm()
    idleTimer.disarm()
    durationTimer.disarm()
    if event == .transportFailure, let tls, let factory = host.tls { worker.tls(of: factory).countFailure(tls) }
    let neverConnected = connectionNeverStood(event)
    if caller != nil, !brokeProtocol { finishBody(event) }
    countClose(event, neverConnected: neverConnected)
    let reason = resetReason(event, neverConnected: neverConnected)
    if caller != nil {
      codec?.connectionClosed(reason)
      if caller != nil { endRequest() }
    }
    if let codec { worker.loop.release(codec) }
    codec = nil
    connection = nil
    pool.clientClosed(
      self, wasConnecting: neverConnected, failure: reason,
      transportFailure: TransportFailure(event, transport, established: !neverConnected))
  }

  /// A body without a length lasts until the close; another that is cut off breaks the protocol.
  private func finishBody(_ event: ConnectionCloseEvent) {
    if event == .localClose { return }
    do {
      try codec?.endOfInput(isClean: event == .remoteClose)
    } catch {
      protocolError()
    }
  }

  private func connectionNeverStood(_ event: ConnectionCloseEvent) -> Bool {
    if case .connectFailure = event { return true }
    return timedOut || (idleSince == 0 && requests == 0)
  }

  private func resetReason(_ event: ConnectionCloseEvent, neverConnected: Bool) -> StreamReset {
    if timedOut { return .connectionTimeout }
    if neverConnected { return .remoteConnectionFailure }
    return brokeProtocol ? .protocolError : .connectionTermination
  }

  private func countClose(_ event: ConnectionCloseEvent, neverConnected: Bool) {
    let local = event == .localClose
    let active = caller != nil
    shard.adjust(info.stats[.upstreamCxActive], by: -1)
    shard.adjust(host.stats[.cxActive], by: -1)
    if neverConnected {
      shard.increment(info.stats[.upstreamCxConnectFail])
      shard.increment(host.stats[.cxConnectFail])
      if timedOut { shard.increment(info.stats[.upstreamCxConnectTimeout]) }
    }
    shard.increment(info.stats[.upstreamCxDestroy])
    shard.increment(info.stats[local ? .upstreamCxDestroyLocal : .upstreamCxDestroyRemote])
    if active {
      shard.increment(info.stats[.upstreamCxDestroyWithActiveRq])
      shard.increment(
        info.stats[local ? .upstreamCxDestroyLocalWithActiveRq : .upstreamCxDestroyRemoteWithActiveRq])
    }
    shard.record(info.lengthMilliseconds, UInt64((worker.loop.now - createdAt) / 1_000_000))
    shard.record(info.requestsPerConnection, requests)
  }
}
