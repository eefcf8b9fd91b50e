import HTTP
import Reactor
import Telemetry

/// One downstream HTTP connection: its codec, its streams, and when it ends (Envoy's ConnectionManagerImpl).
///
/// HTTP/1.1:
///
///     serving --max requests, drain, Connection: close, unread body--> closing --last stream done--> closed
///        |  \-- idle timeout, max duration --> draining --next response, drain_timeout--/       |
///        +---------------------------- peer gone, broken protocol -----------------------------+
///
/// HTTP/2, where draining says GOAWAY with the highest id, and closing GOAWAY with the last one:
///
///     serving --all of the above--> draining --drain_timeout--> closing --last stream done--> closed
final class ConnectionManager: ServerCodecDelegate {
  enum TimerID {
    static let idle: UInt8 = 0
    static let delayedClose: UInt8 = 1
    static let maxDuration: UInt8 = 2
    static let drain: UInt8 = 3
    static let gracefulDrain: UInt8 = 4
  }

  let manager: WorkerConnectionManager
  let worker: Worker
  let shard: StatsShard
  let info: ConnectionManagerInfo
  let id: UInt64
  let remoteAddress: SocketAddress?
  /// What listener filters and TLS know of the connection; nil for a plain one.
  let socket: DownstreamSocket?
  /// The peer's address without its port, as headers name it; empty for a Unix socket.
  let remoteText: [UInt8]
  let isFromLoopback: Bool
  /// What x-forwarded-client-cert says of the client's certificate; nil where it showed none.
  private(set) lazy var clientCertElement: [UInt8]? = socket?.tls.flatMap { tls in
    tls.peer.map { Array(info.forwardedClientCert.element(of: $0, shownTo: tls.localCertificate).utf8) }
  }
  private(set) lazy var localAddress: SocketAddress? = connection?.localAddress
  private(set) var connection: Connection?
  /// There once the client has said what it speaks.
  var codec: ServerCodec?
  var isHTTP2 = false
  var streams: [ActiveStream] = []
  /// Place in the worker's list.
  var index = 0
  private let createdAt: Int64
  private var idleSince: Int64
  private var requests = 0
  /// Its next request would be for another server (``Arrival/oneRequestElse``).
  private let carriesOneRequest: Bool
  private var prematureResets = PrematureResets()
  private var bytesReceived = 0
  private var bytesSent = 0
  /// The client is told, or will be with the next response, that the connection ends. HTTP/2 takes streams meanwhile.
  var isDraining = false
  /// The connection ends behind the streams that it has.
  var isClosing = false
  /// The end comes with delayed_close_timeout even where the request was read whole.
  private var delaysClose = false
  var pausedForResponse = false
  private var localCloseDetail: StaticString = "downstream_local_disconnect"
  /// When the closing connection last sent something, which puts the delayed close off.
  private var lastSent: Int64 = 0
  private var idleTimer = Timer()
  private var delayedCloseTimer = Timer()
  private var maxDurationTimer = Timer()
  var drainTimer = Timer()
  /// When a connection of HTTP/2 began to drain, and how long it may.
  var drainStart: Int64 = 0
  var drainTime: Int64 = 0

  init(
    _ manager: WorkerConnectionManager, id: UInt64, remoteAddress: SocketAddress?, socket: DownstreamSocket? = nil,
    carriesOneRequest: Bool = false
  ) {
    self.manager = manager
    self.carriesOneRequest = carriesOneRequest
    worker = manager.worker
    shard = manager.worker.shard
    info = manager.info
    self.id = id
    self.remoteAddress = remoteAddress
    self.socket = socket
    isFromLoopback = remoteAddress?.isLoopback ?? false
    remoteText = remoteAddress.map { $0.isIP ? Array($0.host.utf8) : [] } ?? []
    createdAt = worker.loop.now
    idleSince = createdAt
    super.init()
  }

  /// Whether it came to a listener for what enters the mesh.
  var isInbound: Bool { manager.isInbound }

  /// How the client came.
  var scheme: StaticString { isSecure ? "https" : "http" }

  private var isSecure: Bool { socket?.isSecure ?? false }

  /// Begins to serve the connection.
  func start(on connection: Connection) {
    self.connection = connection
    connection.bufferLimit = info.bufferLimit
    shard.increment(info.stats[.downstreamCxTotal])
    shard.adjust(info.stats[.downstreamCxActive], by: 1)
    if isSecure {
      shard.increment(info.stats[.downstreamCxSslTotal])
      shard.adjust(info.stats[.downstreamCxSslActive], by: 1)
    }
    if info.idleTimeout > 0 { idleTimer.arm(worker.loop, self, id: TimerID.idle, after: info.idleTimeout) }
    if info.maxConnectionDuration > 0 {
      maxDurationTimer.arm(worker.loop, self, id: TimerID.maxDuration, after: info.maxConnectionDuration)
    }
  }

  // MARK: Streams

  override func newStream(_ encoder: StreamEncoder) -> StreamDecoder {
    requests += 1
    let stream = manager.takeStream(for: self)
    stream.place = streams.count
    streams.append(stream)
    stream.begin(on: self, encoder)
    if info.maxRequestsPerConnection > 0, requests >= info.maxRequestsPerConnection, isHTTP2 || !isClosing {
      shard.increment(info.stats[.downstreamCxMaxRequestsReached])
      drainForClose()
    } else if carriesOneRequest {
      drainForClose()
    }
    return stream
  }

  /// The connection is to end: HTTP/1.1 says Connection: close with the next response and ends behind it, HTTP/2 begins
  /// to drain.
  /// - Parameter delayed: not before the peer has closed, or delayed_close_timeout is over.
  func drainForClose(delayed: Bool = false) {
    if isHTTP2 { return startDraining() }
    breakOff()
    if delayed { delaysClose = true }
  }

  /// No request behind those under way is served.
  func breakOff() {
    isDraining = true
    isClosing = true
  }

  override func streamComplete(_ decoder: StreamDecoder, reusable: Bool) {
    // Sound: the codec's decoders are what `newStream` gave it.
    let stream = unsafeDowncast(decoder, to: ActiveStream.self)
    if !reusable { breakOff() }
    streamEnded(stream)
  }

  /// The codec is done with a stream.
  func streamEnded(_ stream: ActiveStream) {
    remove(stream)
    let requestWasRead = stream.requestEnded
    if !requestWasRead, !stream.isOver { shard.increment(info.stats[.downstreamRqRxReset]) }
    stream.end()
    idleSince = worker.loop.now
    if isClosing { closeAfterLastStream(requestWasRead: requestWasRead && !isHTTP2) }
  }

  /// The client has reset a stream: too many of these, and it means harm.
  func streamWasReset(byClient stream: ActiveStream) {
    let answered = stream.info.responseCode != 0
    let lifetime = worker.loop.now - stream.info.startTime
    streamEnded(stream)
    guard prematureResets.isTooMany(answered: answered, lifetime: lifetime, ended: requests - streams.count)
    else { return }
    shard.increment(info.stats[.downstreamRqTooManyPrematureResets])
    shard.increment(info.stats[.downstreamCxProtocolError])
    endStreams(detail: "too_many_premature_resets", flag: nil)
    connection?.close(.noFlush)
  }

  /// Ends all streams for what the client did to the connection, the youngest first.
  /// - Parameter detail: of those of which the codec says nothing of its own.
  func endStreams(detail: StaticString, flag: ResponseFlag?) {
    if !streams.isEmpty { countActiveRequests(.downstreamCxDestroyLocalActiveRq) }
    let open = streams
    streams = []
    for stream in open.reversed() { stream.connectionFailed(detail: stream.codecDetails ?? detail, flag: flag) }
  }

  private func remove(_ stream: ActiveStream) {
    guard let last = streams.popLast(), last !== stream else { return }
    streams[stream.place] = last
    last.place = stream.place
  }

  /// A stream was cut off from our side: HTTP/1.1 has no other way to say so than to end the connection.
  func streamWasReset() {
    closeAfterLastStream(requestWasRead: false)
  }

  func closeAfterLastStream(requestWasRead: Bool) {
    if !streams.isEmpty { return }
    let atOnce = requestWasRead && !delaysClose || info.delayedCloseTimeout == 0
    close(atOnce ? .flushWrite : .flushWriteAndDelay)
  }

  /// Closes behind what still waits to be sent, which a client that does not read cannot put off for ever.
  func close(_ type: ConnectionCloseType) {
    idleTimer.disarm()
    armDelayedClose()
    connection?.close(type)
  }

  private func armDelayedClose() {
    guard info.delayedCloseTimeout > 0 else { return }
    lastSent = worker.loop.now
    delayedCloseTimer.arm(worker.loop, self, id: TimerID.delayedClose, after: info.delayedCloseTimeout)
  }

  /// The timeout counts from the last progress.
  private func delayedCloseDue() {
    let left = lastSent + info.delayedCloseTimeout - worker.loop.now
    if left > 0 {
      delayedCloseTimer.arm(worker.loop, self, id: TimerID.delayedClose, after: left)
      return
    }
    shard.increment(info.stats[.downstreamCxDelayedCloseTimeout])
    connection?.close(.noFlush)
  }

  override func connectionDidConnect() { socket?.connected() }

  // MARK: Bytes

  override func connectionReceived(_ bytes: ByteView) -> Int {
    if let socket, socket.hasFilters, !socket.passes(bytes, endStream: false) { return 0 }
    if codec == nil { makeCodec(bytes) }
    return codec.unretained?.use { dispatch(bytes, to: $0) } ?? bytes.count
  }

  override func codecCounts(_ stat: CodecStat, _ amount: Int) {
    if isHTTP2 { return shard.count(stat, amount, in: info.http2Stats) }
    switch stat {
    case .droppedHeadersWithUnderscores:
      shard.add(info.codecStats[.droppedHeadersWithUnderscores], UInt64(amount))
    case .requestsRejectedWithUnderscoresInHeaders:
      shard.add(info.codecStats[.requestsRejectedWithUnderscoresInHeaders], UInt64(amount))
    default: break
    }
  }

  override func codecCanDecode() {
    guard pausedForResponse else { return }
    pausedForResponse = false
    if connection?.isOpen == true, !isClosing { connection?.readDisable(false) }
  }

  override func codecReadDisable(_ disable: Bool) { connection?.readDisable(disable) }

  override func codecFailed(_ error: CodecError) { endBroken(error) }

  override func keepaliveTimedOut() {
    localCloseDetail = "downstream_local_disconnect(http2_ping_timeout)"
    connection?.close(.noFlush)
  }

  override func connectionDidRead(_ count: Int) {
    shard.add(info.stats[.downstreamCxRxBytesTotal], UInt64(count))
    bytesReceived &+= count
  }

  override func connectionDidWrite(_ count: Int) {
    shard.add(info.stats[.downstreamCxTxBytesTotal], UInt64(count))
    bytesSent &+= count
    if isClosing { lastSent = worker.loop.now }
  }

  override func connectionAboveWriteBufferHighWatermark() { codec?.aboveWriteBufferHighWatermark() }

  override func connectionBelowWriteBufferLowWatermark() { codec?.belowWriteBufferLowWatermark() }

  // MARK: The end

  override func timerFired(_ id: UInt8) {
    switch id {
    case TimerID.idle: checkIdle()
    case TimerID.maxDuration: maxDurationReached()
    case TimerID.drain: drained()
    case TimerID.gracefulDrain: drainUnasked()
    default: delayedCloseDue()
    }
  }

  /// The idle timer runs on while requests come and go; only when it fires is the time looked at.
  private func checkIdle() {
    let idle = streams.isEmpty ? worker.loop.now - idleSince : 0
    if idle >= info.idleTimeout {
      shard.increment(info.stats[.downstreamCxIdleTimeout])
      if codec == nil || requests == 0 && !isHTTP2 { close(.flushWrite) } else { startDraining() }
    } else {
      idleTimer.arm(worker.loop, self, id: TimerID.idle, after: info.idleTimeout - idle)
    }
  }

  private func maxDurationReached() {
    shard.increment(info.stats[.downstreamCxMaxDurationReached])
    startDraining()
  }

  /// The process ends: what is under way is cut off, and logged.
  func abort() { connection?.close(.noFlush) }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    idleTimer.disarm()
    delayedCloseTimer.disarm()
    maxDurationTimer.disarm()
    drainTimer.disarm()
    socket?.closed(event)
    countClose(local: event == .localClose)
    let open = streams
    streams = []
    let detail = event == .localClose ? localCloseDetail : "downstream_remote_disconnect"
    for stream in open.reversed() { stream.connectionClosed(detail: detail) }
    log()
    if let codec {
      if isHTTP2 { try? codec.endOfInput() }
      worker.loop.release(codec)
    }
    codec = nil
    connection = nil
    manager.connectionClosed(self, createdAt: createdAt)
  }

  /// To the listener's own logs, where it has some.
  private func log() {
    if manager.listener.accessLogs.isEmpty { return }
    var info = StreamInfo()
    info.begin(at: createdAt, worker.loop)
    info.bytesReceived = bytesReceived
    info.bytesSent = bytesSent
    for log in manager.listener.accessLogs {
      log.write(DownstreamConnectionValues(connection: self, info: info), worker)
    }
  }

  private func countClose(local: Bool) {
    let stats = info.stats
    shard.adjust(stats[.downstreamCxActive], by: -1)
    if isSecure { shard.adjust(stats[.downstreamCxSslActive], by: -1) }
    if codec != nil { shard.adjust(stats[isHTTP2 ? .downstreamCxHttp2Active : .downstreamCxHttp1Active], by: -1) }
    shard.increment(stats[.downstreamCxDestroy])
    shard.increment(stats[local ? .downstreamCxDestroyLocal : .downstreamCxDestroyRemote])
    if !streams.isEmpty { countActiveRequests(.downstreamCxDestroyRemoteActiveRq) }
    shard.record(info.connectionLength, UInt64(max(0, worker.loop.now - createdAt) / 1_000_000))
  }

  /// As Envoy: local are those that the connection manager itself ended for what came.
  private func countActiveRequests(_ side: ConnectionManagerStat) {
    shard.increment(info.stats[.downstreamCxDestroyActiveRq])
    shard.increment(info.stats[side])
  }
}
