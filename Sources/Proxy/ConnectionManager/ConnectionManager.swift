import HTTP
import Reactor
import Telemetry

/// One downstream HTTP connection: its codec, its streams, and when it ends (Envoy's ConnectionManagerImpl).
///
///     serving --max requests, drain, Connection: close, unread body--> closing --last stream done--> closed
///        |  \-- idle timeout, max duration --> draining --next response, drain_timeout--/       |
///        +---------------------------- peer gone, broken protocol -----------------------------+
final class ConnectionManager: ServerCodecDelegate {
  private enum TimerID {
    static let idle: UInt8 = 0
    static let requestHeaders: UInt8 = 1
    static let delayedClose: UInt8 = 2
    static let maxDuration: UInt8 = 3
    static let drain: UInt8 = 4
  }

  let manager: WorkerConnectionManager
  let worker: Worker
  private let shard: StatsShard
  private let info: ConnectionManagerInfo
  let id: UInt64
  let remoteAddress: SocketAddress?
  /// What listener filters and TLS know of the connection; nil for a plain one.
  let socket: DownstreamSocket?
  /// The peer's address without its port, as headers name it; empty for a Unix socket.
  let remoteText: [UInt8]
  let isFromLoopback: Bool
  /// Whether the client has shown a certificate.
  var showedCertificate: Bool { socket.unretained?.use { $0.tls?.peer != nil } ?? false }
  /// What x-forwarded-client-cert says of the client's certificate; nil where it showed none.
  private(set) lazy var clientCertElement: [UInt8]? = socket?.tls.flatMap { tls in
    tls.peer.map { Array(info.forwardedClientCert.element(of: $0, shownTo: tls.localCertificate).utf8) }
  }
  private(set) lazy var localAddress: SocketAddress? = connection?.localAddress
  private(set) var connection: Connection?
  private var codec: ServerCodec?
  private var streams: [ActiveStream] = []
  /// Place in the worker's list.
  var index = 0
  private let createdAt: Int64
  private var idleSince: Int64
  private var requests = 0
  private var bytesReceived = 0
  private var bytesSent = 0
  /// The next response says Connection: close, and the connection ends behind it.
  private(set) var isClosing = false
  /// The end comes with delayed_close_timeout even where the request was read whole.
  private var delaysClose = false
  private var pausedForResponse = false
  /// What waited to be sent when the delayed close was last looked at.
  private var unsentAtClose = 0
  private var idleTimer = Timer()
  private var requestHeadersTimer = Timer()
  private var delayedCloseTimer = Timer()
  private var maxDurationTimer = Timer()
  private var drainTimer = Timer()

  init(_ manager: WorkerConnectionManager, id: UInt64, remoteAddress: SocketAddress?, socket: DownstreamSocket? = nil) {
    self.manager = manager
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

  /// As in Envoy, a connection has a protocol once it has sent something.
  private func makeCodec() {
    guard let connection else { return }
    shard.increment(info.stats[.downstreamCxHttp1Total])
    shard.adjust(info.stats[.downstreamCxHttp1Active], by: 1)
    codec = HTTP1ServerCodec(
      transport: connection, delegate: self, pool: worker.headerMaps, options: info.codecOptions)
  }

  // MARK: Streams

  override func newStream(_ encoder: StreamEncoder) -> StreamDecoder {
    requests += 1
    let stream = manager.takeStream(for: self)
    stream.place = streams.count
    streams.append(stream)
    stream.begin(on: self, encoder)
    if info.requestHeadersTimeout > 0 {
      requestHeadersTimer.arm(worker.loop, self, id: TimerID.requestHeaders, after: info.requestHeadersTimeout)
    }
    if info.maxRequestsPerConnection > 0, requests >= info.maxRequestsPerConnection, !isClosing {
      shard.increment(info.stats[.downstreamCxMaxRequestsReached])
      drainForClose()
    }
    return stream
  }

  func requestHeadersReceived() {
    if info.requestHeadersTimeout > 0 { requestHeadersTimer.disarm() }
  }

  /// The next response says Connection: close, and the connection ends behind it.
  /// - Parameter delayed: not before the peer has closed, or delayed_close_timeout is over.
  func drainForClose(delayed: Bool = false) {
    isClosing = true
    if delayed { delaysClose = true }
  }

  override func streamComplete(_ decoder: StreamDecoder, reusable: Bool) {
    // Sound: the codec's decoders are what `newStream` gave it.
    let stream = unsafeDowncast(decoder, to: ActiveStream.self)
    remove(stream)
    let requestWasRead = stream.requestEnded
    if !requestWasRead, !stream.isOver { shard.increment(info.stats[.downstreamRqRxReset]) }
    stream.end()
    idleSince = worker.loop.now
    if !reusable { isClosing = true }
    if isClosing { closeAfterLastStream(requestWasRead: requestWasRead) }
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

  private func closeAfterLastStream(requestWasRead: Bool) {
    if !streams.isEmpty { return }
    let atOnce = requestWasRead && !delaysClose || info.delayedCloseTimeout == 0
    close(atOnce ? .flushWrite : .flushWriteAndDelay)
  }

  /// Closes behind what still waits to be sent, which a client that does not read cannot put off for ever.
  private func close(_ type: ConnectionCloseType) {
    idleTimer.disarm()
    armDelayedClose()
    connection?.close(type)
  }

  private func armDelayedClose() {
    guard info.delayedCloseTimeout > 0, let connection else { return }
    unsentAtClose = connection.bufferedBytes
    delayedCloseTimer.arm(worker.loop, self, id: TimerID.delayedClose, after: info.delayedCloseTimeout)
  }

  /// The timeout counts from the last progress.
  private func delayedCloseDue() {
    if let connection, connection.bufferedBytes < unsentAtClose { return armDelayedClose() }
    shard.increment(info.stats[.downstreamCxDelayedCloseTimeout])
    connection?.close(.noFlush)
  }

  override func connectionDidConnect() { socket?.connected() }

  // MARK: Bytes

  override func connectionReceived(_ bytes: ByteView) -> Int {
    if let socket, socket.hasFilters, !socket.passes(bytes, endStream: false) { return 0 }
    if codec == nil { makeCodec() }
    return codec.unretained?.use { dispatch(bytes, to: $0) } ?? bytes.count
  }

  private func dispatch(_ bytes: ByteView, to codec: ServerCodec) -> Int {
    do {
      let consumed = try codec.dispatch(bytes)
      if consumed < bytes.count { pauseBehindRequest() }
      return consumed
    } catch {
      codecFailed(error)
      return bytes.count
    }
  }

  /// More than the request has come: it waits, unread, until the response is sent.
  private func pauseBehindRequest() {
    guard let stream = streams.last, stream.requestEnded, !pausedForResponse, connection?.isOpen == true else { return }
    pausedForResponse = true
    connection?.readDisable(true)
  }

  override func codecCounts(_ stat: CodecStat, _ amount: Int) {
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

  private func codecFailed(_ error: CodecError) {
    shard.increment(info.stats[.downstreamCxProtocolError])
    isClosing = true
    if let stream = streams.last, !stream.responseStarted {
      stream.sendLocalReply(
        LocalReply(
          status: UInt16(clamping: error.status), body: ByteView(error.body), detail: .literal(error.detail),
          flag: .downstreamProtocolError))
    } else if let stream = streams.last {
      stream.info.responseFlags.insert(.downstreamProtocolError)
      stream.resetStream(.protocolError)
    } else {
      closeAfterLastStream(requestWasRead: false)
    }
  }

  override func connectionDidRead(_ count: Int) {
    shard.add(info.stats[.downstreamCxRxBytesTotal], UInt64(count))
    bytesReceived &+= count
  }

  override func connectionDidWrite(_ count: Int) {
    shard.add(info.stats[.downstreamCxTxBytesTotal], UInt64(count))
    bytesSent &+= count
  }

  override func connectionAboveWriteBufferHighWatermark() { codec?.aboveWriteBufferHighWatermark() }

  override func connectionBelowWriteBufferLowWatermark() { codec?.belowWriteBufferLowWatermark() }

  // MARK: The end

  override func timerFired(_ id: UInt8) {
    switch id {
    case TimerID.idle: checkIdle()
    case TimerID.requestHeaders: streams.last?.requestHeadersTimedOut()
    case TimerID.maxDuration: maxDurationReached()
    case TimerID.drain: closeAfterLastStream(requestWasRead: false)
    default: delayedCloseDue()
    }
  }

  /// The idle timer runs on while requests come and go; only when it fires is the time looked at.
  private func checkIdle() {
    let idle = streams.isEmpty ? worker.loop.now - idleSince : 0
    if idle >= info.idleTimeout {
      shard.increment(info.stats[.downstreamCxIdleTimeout])
      if requests == 0 { close(.flushWrite) } else { startDraining() }
    } else {
      idleTimer.arm(worker.loop, self, id: TimerID.idle, after: info.idleTimeout - idle)
    }
  }

  private func maxDurationReached() {
    shard.increment(info.stats[.downstreamCxMaxDurationReached])
    startDraining()
  }

  /// As Envoy's drain sequence: a request that is on its way already is still answered, with Connection: close; without
  /// one the connection ends after drain_timeout.
  private func startDraining() {
    isClosing = true
    drainTimer.arm(worker.loop, self, id: TimerID.drain, after: info.drainTimeout)
  }

  /// The process ends: what is under way is cut off, and logged.
  func abort() { connection?.close(.noFlush) }

  /// We are going: an idle connection closes now, another behind its response.
  func drain() {
    isClosing = true
    if streams.isEmpty { close(.flushWrite) }
  }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    idleTimer.disarm()
    requestHeadersTimer.disarm()
    delayedCloseTimer.disarm()
    maxDurationTimer.disarm()
    drainTimer.disarm()
    socket?.closed(event)
    countClose(local: event == .localClose)
    let open = streams
    streams = []
    for stream in open { stream.connectionClosed(locally: event == .localClose) }
    log()
    if let codec { worker.loop.release(codec) }
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
    if codec != nil { shard.adjust(stats[.downstreamCxHttp1Active], by: -1) }
    shard.increment(stats[.downstreamCxDestroy])
    shard.increment(stats[local ? .downstreamCxDestroyLocal : .downstreamCxDestroyRemote])
    if !streams.isEmpty {
      shard.increment(stats[.downstreamCxDestroyActiveRq])
      shard.increment(stats[local ? .downstreamCxDestroyLocalActiveRq : .downstreamCxDestroyRemoteActiveRq])
    }
    shard.record(info.connectionLength, UInt64(max(0, worker.loop.now - createdAt) / 1_000_000))
  }
}
