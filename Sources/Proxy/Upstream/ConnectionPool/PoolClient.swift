import Glibc
import HTTP
import Reactor
import Security
import Telemetry

/// One upstream connection of a pool, and the streams on it (Envoy's ActiveClient).
///
///     connecting --connected--> ready <--as many streams as both sides allow / one of them ends--> busy
///         |                       |                                                                  |
///         |                       +------ GOAWAY, max requests, max duration ------+-----------------+
///         |                                                                        v
///         +-- failure, timeout ----- closed by peer, idle, broken ----> closed <-- draining (its last stream ends)
final class PoolClient: ClientCodecDelegate {
  enum State { case connecting, ready, busy, draining, closed }

  private enum TimerID {
    static let connect: UInt8 = 0
    static let idle: UInt8 = 1
    static let duration: UInt8 = 2
  }

  let pool: ConnectionPool
  let info: ClusterInfo
  let worker: Worker
  let shard: StatsShard
  let host: Host
  /// Place in the pool's list.
  var index = 0
  private(set) var state = State.connecting
  /// What it speaks; while ``state`` is `connecting` and ALPN decides, what is hoped for.
  private(set) var httpProtocol: HTTPProtocol
  private var connection: Connection?
  /// The connection's TLS; nil for plain text.
  private(set) var tls: TLSSession?
  private var transport: TransportSocket?
  /// Ours, once the connection stands.
  private(set) var localAddress: SocketAddress?
  private var codec: ClientCodec?
  private(set) var activeStreams = 0
  /// How many streams both sides allow at a time.
  private var streamLimit: Int
  /// How many streams it may still begin (max_requests_per_connection).
  private var usesLeft: Int
  /// What the pool expects it to have room for while it is connecting.
  let expectedCapacity: Int
  private(set) var requests: UInt64 = 0
  let createdAt: Int64
  private var idleSince: Int64 = 0
  private(set) var timedOut = false
  private var brokeProtocol = false
  private var isDispatching = false
  private var connectFailure: Int32 = 0
  private var connectTimer = Timer()
  private var idleTimer = Timer()
  private var durationTimer = Timer()

  init(_ pool: ConnectionPool) {
    self.pool = pool
    info = pool.cluster.info
    worker = pool.cluster.worker
    shard = worker.shard
    host = pool.host
    createdAt = worker.loop.now
    usesLeft = info.maxRequestsPerConnection == 0 ? Int.max : info.maxRequestsPerConnection
    httpProtocol = pool.version == .http1 || pool.version == .tcp ? .http11 : .http2
    streamLimit = info.maxStreams(by: httpProtocol)
    expectedCapacity = min(usesLeft, streamLimit)
    super.init()
  }

  /// Whether it carries what a CONNECT request brings, and no HTTP.
  var isTunnel: Bool { pool.version == .tcp }

  /// Whether it stands and has no stream.
  var isIdle: Bool { activeStreams == 0 && state != .connecting && state != .closed }

  private var hasRoom: Bool { usesLeft > 0 && activeStreams < streamLimit }

  // MARK: Connecting

  func connect() {
    shard.increment(info.stats[.upstreamCxTotal])
    shard.adjust(info.stats[.upstreamCxActive], by: 1)
    if pool.version != .negotiated { countVersion() }
    shard.increment(host.stats[.cxTotal])
    shard.adjust(host.stats[.cxActive], by: 1)
    connectTimer.arm(worker.loop, self, id: TimerID.connect, after: info.connectTimeoutNanoseconds)
    do {
      let socket = try host.connect()
      if let keepalive = info.tcpKeepalive { keepalive.apply(to: socket.number) }
      let connection = try Connection(
        worker.loop, taking: socket, connecting: true, delegate: self, transportSocket: makeTransport())
      connection.bufferLimit = info.bufferLimit
      connection.detectsEarlyClose = false
      connection.halfClose = pool.version == .tcp
      self.connection = connection
    } catch {
      connectFailure = error.code
      // The pool is in the middle of asking: the failure is told once it has done so.
      worker.loop.soon(self)
    }
  }

  override func runLater() { connectionDidClose(.connectFailure(connectFailure)) }

  private func makeTransport() -> TransportSocket? {
    guard let factory = host.tls else { return nil }
    transport = worker.tls(of: factory).makeSocket(to: host, pool.options, alpn: pool.version.alpn)
    tls = transport as? TLSSession
    return transport
  }

  override func connectionDidConnect() {
    if let tls, let factory = host.tls { worker.tls(of: factory).countHandshake(tls) }
    connectTimer.disarm()
    localAddress = connection?.localAddress
    shard.record(info.connectMilliseconds, UInt64((worker.loop.now - createdAt) / 1_000_000))
    if info.maxConnectionDurationNanoseconds > 0 {
      durationTimer.arm(worker.loop, self, id: TimerID.duration, after: info.maxConnectionDurationNanoseconds)
    }
    if pool.version == .negotiated {
      httpProtocol = tls?.alpnProtocol == "h2" ? .http2 : .http11
      streamLimit = info.maxStreams(by: httpProtocol)
      countVersion()
      // As Envoy: first it was a connection of TCP, then it is one of HTTP.
      shard.increment(info.stats[.upstreamCxTotal])
      shard.increment(host.stats[.cxTotal])
    }
    codec = makeCodec()
    state = hasRoom ? .ready : .busy
    becomeIdle()
    pool.clientConnected(self)
  }

  private func makeCodec() -> ClientCodec? {
    guard let connection else { return nil }
    if pool.version == .tcp { return TCPClientCodec(connection, delegate: self, pool: worker.headerMaps) }
    return switch httpProtocol {
    case .http11:
      HTTP1ClientCodec(transport: connection, delegate: self, pool: worker.headerMaps, options: info.codecOptions)
    case .http2:
      HTTP2ClientCodec(
        transport: connection, delegate: self, loop: worker.loop, pool: worker.headerMaps, options: info.http2Options)
    }
  }

  // MARK: Streams

  /// Takes the place of a stream that is about to be opened, and no longer is `ready` where it was the last.
  func takePlace() {
    activeStreams += 1
    requests += 1
    if usesLeft != Int.max {
      usesLeft -= 1
      if usesLeft == 0 {
        shard.increment(info.stats[.upstreamCxMaxRequests])
        state = .draining
        return
      }
    }
    if activeStreams >= streamLimit { state = .busy }
  }

  /// Opens a stream for the caller, whose place here and among the cluster's requests is taken.
  func open(_ caller: UpstreamCallbacks) {
    shard.increment(info.stats[.upstreamRqTotal])
    shard.adjust(info.stats[.upstreamRqActive], by: 1)
    shard.increment(host.stats[.rqTotal])
    shard.adjust(host.stats[.rqActive], by: 1)
    if info.countsHostRequests { host.activeRequests.wrappingAdd(1, ordering: .relaxed) }
    codec.unretained?.use { $0.newStream(caller) }.use { caller.poolReady($0, self) }
  }

  override func peerWillClose() { shard.increment(info.stats[.upstreamCxCloseNotify]) }

  override func streamComplete(_ decoder: StreamDecoder, _ end: ClientStreamEnd) {
    guard activeStreams > 0 else { return }
    if httpProtocol == .http11, end != .reusable { return closeBehind(end) }
    endRequest()
    switch state {
    case .ready: pool.clientIsIdle(self)
    case .busy where hasRoom:
      state = .ready
      pool.clientHasRoom(self)
    case .draining where activeStreams == 0: closeDrained(behind: end)
    case .busy, .draining, .connecting, .closed: break
    }
  }

  /// An HTTP/1.1 connection that cannot carry another stream.
  private func closeBehind(_ end: ClientStreamEnd) {
    // As Envoy: a stream that was not brought to its end is counted with its connection's.
    if end == .unfinished, let connection { return connection.close(.noFlush) }
    endRequest()
    // A tunnel with both its ends behind it: the connection ends by itself.
    if pool.version == .tcp, end == .closes { return }
    if end == .unaskedBytes { shard.increment(info.stats[.upstreamCxProtocolError]) }
    connection?.close(.noFlush)
  }

  private func endRequest() {
    activeStreams -= 1
    pool.breaker.requests.release()
    shard.adjust(info.stats[.upstreamRqActive], by: -1)
    shard.adjust(host.stats[.rqActive], by: -1)
    if info.countsHostRequests { host.activeRequests.wrappingSubtract(1, ordering: .relaxed) }
    if activeStreams == 0, state != .closed { becomeIdle() }
  }

  private func becomeIdle() {
    idleSince = worker.loop.now
    if info.idleTimeoutNanoseconds > 0, !idleTimer.isArmed {
      idleTimer.arm(worker.loop, self, id: TimerID.idle, after: info.idleTimeoutNanoseconds)
    }
  }

  // MARK: What the peer says of its connection

  override func goAwayReceived() {
    shard.increment(info.stats[.upstreamCxCloseNotify])
    drain()
  }

  override func maxConcurrentStreamsChanged(_ limit: Int) {
    streamLimit = min(limit, info.maxStreams(by: httpProtocol))
    if state == .ready, !hasRoom {
      state = .busy
      pool.clientLeavesReady(self)
    } else if state == .busy, hasRoom {
      state = .ready
      pool.clientHasRoom(self)
    }
  }

  /// No new streams: it closes with the last that it has.
  private func drain() {
    if state == .ready { pool.clientLeavesReady(self) }
    if state == .ready || state == .busy { state = .draining }
    if isIdle { close() }
  }

  override func keepaliveTimedOut() { connection?.close(.noFlush) }

  override func codecCounts(_ stat: CodecStat, _ amount: Int) {
    if let stats = info.http2Stats { shard.count(stat, amount, in: stats) }
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

  private func dispatch(_ bytes: ByteView, to codec: ClientCodec) -> Int {
    isDispatching = true
    defer { isDispatching = false }
    do {
      return try codec.dispatch(bytes)
    } catch {
      codecFailed(error)
      return bytes.count
    }
  }

  override func codecFailed(_ error: CodecError) {
    if error != .unaskedRequestTimeout { protocolError() }
    // As Envoy: the streams end before the connection does, which has said why, by GOAWAY.
    if httpProtocol == .http2 {
      leave()
      resetStreams(.protocolError)
    }
    connection?.close(.flushOnce)
  }

  private func protocolError() {
    shard.increment(info.stats[.upstreamCxProtocolError])
    brokeProtocol = true
  }

  /// Takes no more streams.
  private func leave() {
    if state == .ready { pool.clientLeavesReady(self) }
    state = .closed
  }

  private func resetStreams(_ reason: StreamReset) {
    codec?.connectionClosed(reason)
    while activeStreams > 0 { endRequest() }
  }

  /// Of a tunnel: other connections end as a whole.
  override func connectionReachedEnd() { try? codec?.endOfInput(isClean: true) }

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

  /// Closes it, with a word of farewell where the protocol has one.
  func close() {
    codec?.goAway()
    connection?.close(.flushOnce)
  }

  private func closeDrained(behind end: ClientStreamEnd) {
    // Envoy's HTTP/2 codec takes it for an error that its connection closed while a response ended.
    if httpProtocol == .http2, isDispatching, end != .unfinished {
      shard.increment(info.stats[.upstreamCxProtocolError])
    }
    close()
  }

  override func timerFired(_ id: UInt8) {
    switch id {
    case TimerID.connect:
      timedOut = true
      connection?.close(.noFlush)
    case TimerID.duration:
      if state == .draining { return }
      shard.increment(info.stats[.upstreamCxMaxDurationReached])
      drain()
    default: checkIdle()
    }
  }

  /// The idle timer runs on while requests come and go; only when it fires is the time looked at.
  private func checkIdle() {
    let idle = activeStreams == 0 ? worker.loop.now - idleSince : 0
    if idle >= info.idleTimeoutNanoseconds {
      shard.increment(info.stats[.upstreamCxIdleTimeout])
      close()
    } else {
      idleTimer.arm(worker.loop, self, id: TimerID.idle, after: info.idleTimeoutNanoseconds - idle)
    }
  }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    connectTimer.disarm()
    idleTimer.disarm()
    durationTimer.disarm()
    if event == .transportFailure, let tls, let factory = host.tls { worker.tls(of: factory).countFailure(tls) }
    let neverConnected = state == .connecting
    leave()
    if activeStreams > 0, !brokeProtocol, httpProtocol == .http11 { finishBody(event) }
    countClose(event, neverConnected: neverConnected)
    let reason = resetReason(neverConnected: neverConnected)
    resetStreams(reason)
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

  private func resetReason(neverConnected: Bool) -> StreamReset {
    if timedOut { return .connectionTimeout }
    if neverConnected { return .remoteConnectionFailure }
    return brokeProtocol ? .protocolError : .connectionTermination
  }
}
