import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// One request and its response, between the downstream codec and the filters. Objects are used again (``WorkerConnectionManager``):
/// the steady state makes none.
///
///     idle --newStream--> request --head--> filters --response head--> responding --end--> recycled
///                            |                                              |
///                            +---------- reset, connection gone ------------+--> recycled
final class ActiveStream: StreamDecoder {
  enum TimerID {
    static let idle: UInt8 = 0
    static let maxDuration: UInt8 = 1
    static let requestTimeout: UInt8 = 2
    static let requestHeaders: UInt8 = 3
  }

  let manager: WorkerConnectionManager
  let config: ConnectionManagerInfo
  let worker: Worker
  let loop: EventLoop
  let shard: StatsShard
  let headerMaps: HeaderMapPool
  private var filters: [HTTPFilter] = []
  /// The same, for the way of a request: the stream keeps them.
  var chain: [Unretained<HTTPFilter>] = []
  /// A bit for each filter that the route leaves out.
  private var skipped: UInt64 = 0
  /// Where the request's head stands in the chain: that filter stopped it, the last one for good.
  private var position = 0
  /// What came of the body while a filter before the last held the head back.
  private var held: ByteQueue
  private var heldTrailers: HeaderMap?
  private var holdsBack = false
  /// Lives longer than its streams.
  private(set) var connection: Unretained<ConnectionManager>
  /// The codec's, which lives longer than the stream.
  var encoder: Unretained<StreamEncoder>?

  /// Place among its connection's streams.
  var place = 0
  private(set) var requestHeaders: HeaderMap?
  var responseHeaders: HeaderMap?
  var responseTrailers: HeaderMap?
  var info = StreamInfo()
  /// The route's stand-in for stream_idle_timeout counts here, in nanoseconds; 0: none.
  var idleTimeout: Int64 = 0

  private(set) var requestEnded = false
  var responseStarted = false
  /// The filter that holds the response's head back; -1: none.
  var heldAt = -1
  var responseEnded = false
  /// The downstream half is gone, or never was: the object waits to be used again.
  private(set) var isOver = true
  var isHead = false
  /// What the request has been allowed to become; nil for a request like others.
  var upgrade: Upgrade?
  var idleTimer = Timer()
  var maxDurationTimer = Timer()
  private var requestTimer = Timer()
  private var requestHeadersTimer = Timer()
  var lastActivity: Int64 = 0

  init(_ manager: WorkerConnectionManager, for connection: ConnectionManager) {
    self.manager = manager
    config = manager.info
    worker = manager.worker
    loop = manager.worker.loop
    headerMaps = manager.worker.headerMaps
    shard = manager.worker.shard
    self.connection = Unretained(connection)
    held = ByteQueue(pool: loop.pool)
    super.init()
    filters = manager.info.filters.enumerated().map { $0.element.make(self, place: $0.offset) }
    chain = filters.map { Unretained($0) }
  }

  /// The client's address as far as it is known: the peer's, or what a trusted peer says.
  var remoteAddress: Reactor.SocketAddress? {
    requestHeaders.flatMap { manager.forwardedAddress($0) } ?? downstream.remoteAddress
  }
  var downstream: ConnectionManager { connection.object }

  // MARK: Life

  func begin(on connection: ConnectionManager, _ encoder: StreamEncoder) {
    self.connection = Unretained(connection)
    self.encoder = Unretained(encoder)
    isOver = false
    info.startTime = loop.now
    info.startWallTime = loop.wallNow
    info.randomValue = loop.random.next()
    lastActivity = info.startTime
    idleTimeout = config.streamIdleTimeout
    armIdleTimer()
    if config.requestTimeout > 0 {
      requestTimer.arm(loop, self, id: TimerID.requestTimeout, after: config.requestTimeout)
    }
    if config.requestHeadersTimeout > 0 {
      requestHeadersTimer.arm(loop, self, id: TimerID.requestHeaders, after: config.requestHeadersTimeout)
    }
    if config.maxStreamDuration > 0 {
      maxDurationTimer.arm(loop, self, id: TimerID.maxDuration, after: config.maxStreamDuration)
    }
    shard.increment(config.stats[.downstreamRqTotal])
    shard.increment(config.stats[connection.isHTTP2 ? .downstreamRqHttp2Total : .downstreamRqHttp1Total])
    shard.adjust(config.stats[.downstreamRqActive], by: 1)
  }

  /// The stream is over: logs it, lets the filters go, and leaves the object for another.
  func end() {
    if isOver { return }
    isOver = true
    idleTimer.disarm()
    maxDurationTimer.disarm()
    requestTimer.disarm()
    requestHeadersTimer.disarm()
    info.endTime = loop.now
    for index in chain.indices { chain[index].use { $0.onDestroy() } }
    dropHeld()
    countEnd()
    manager.log(self)
    encoder = nil
    // Callers further up the stack still hold views into the headers: they go at the end of the turn.
    loop.later(self)
  }

  private func countEnd() {
    shard.adjust(config.stats[.downstreamRqActive], by: -1)
    if upgrade != nil { shard.adjust(config.stats[.downstreamCxUpgradesActive], by: -1) }
    shard.record(config.requestTime, UInt64(max(0, info.endTime - info.startTime) / 1_000_000))
  }

  override func runLater() { recycle() }

  private func recycle() {
    giveBack(&requestHeaders)
    giveBack(&responseHeaders)
    giveBack(&responseTrailers)
    info = StreamInfo()
    requestEnded = false
    responseStarted = false
    heldAt = -1
    responseEnded = false
    isHead = false
    upgrade = nil
    position = 0
    skipped = 0
    manager.giveBack(self)
  }

  /// Breaks the circle of the stream and its filters: the object is not needed any more.
  func dismantle() {
    for filter in filters { filter.dismantle() }
    chain = []
    filters = []
  }

  private func giveBack(_ map: inout HeaderMap?) {
    if let held = map { headerMaps.giveBack(held) }
    map = nil
  }

  override func timerFired(_ id: UInt8) {
    switch id {
    case TimerID.idle: idleTimerFired()
    case TimerID.maxDuration: maxDurationReached()
    case TimerID.requestHeaders: requestHeadersTimedOut()
    default: requestTimedOut()
    }
  }

  // MARK: The request, from the codec

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    requestHeaders = headers
    lastActivity = loop.now
    requestHeadersTimer.disarm()
    isHead = headers.value(of: .method).map { $0 == "HEAD" } ?? false
    info.isGrpc = headers.isGrpcRequest
    if endStream { endRequest() }
    manager.answerExpectation(headers, self)
    let asksForUpgrade = manager.removeConnectionHeaders(headers)
    if let reply = manager.refuse(headers) { return sendLocalReply(reply) }
    manager.mutateRequestHeaders(headers, self)
    manager.route(headers, self)
    if asksForUpgrade, let reply = manager.acceptUpgrade(headers, self) { return sendLocalReply(reply) }
    skipped = info.filterConfigs?.use { $0.skipped } ?? config.skippedFilters
    decodeHeaders(headers, from: 0)
  }

  private func decodeHeaders(_ headers: HeaderMap, from first: Int) {
    var index = first
    while index < chain.count, !isOver, !responseStarted {
      position = index
      if skips(index) {
        index += 1
        continue
      }
      let endStream = requestEnded && held.isEmpty && heldTrailers == nil
      if chain[index].use({ $0.decodeRequestHeaders(headers, endStream: endStream) }) == .stopIteration { return }
      index += 1
    }
  }

  @inline(__always)
  func skips(_ place: Int) -> Bool { skipped & (1 &<< UInt64(place)) != 0 }

  /// A filter changed what routes are chosen by: it is chosen anew (Envoy's clearRouteCache).
  func clearRouteCache() {
    guard let headers = requestHeaders else { return }
    info.route = nil
    info.filterConfigs = nil
    manager.route(headers, self)
  }

  /// The filter that stopped the request's head has what it waited for: the next ones see it, and what was held back.
  func continueDecoding() {
    guard !isOver, !responseStarted, let headers = requestHeaders else { return }
    let next = position + 1
    decodeHeaders(headers, from: next)
    if isOver || responseEnded { return }
    releaseHeld(from: next)
  }

  private func releaseHeld(from first: Int) {
    let trailers = heldTrailers
    heldTrailers = nil
    // A filter further on may hold it back again.
    var body = ByteQueue(pool: loop.pool)
    swap(&body, &held)
    if !body.isEmpty { decodeData(body.view, endStream: requestEnded && trailers == nil, from: first) }
    if let trailers { decodeTrailers(trailers, from: first) }
    if holdsBack, held.isEmpty { holdBack(false) }
  }

  /// A client may send as much ahead as the buffer limit.
  private func hold(_ data: ByteView) {
    held.append(data)
    if !holdsBack, held.count > config.bufferLimit { holdBack(true) }
  }

  private func holdBack(_ holds: Bool) {
    holdsBack = holds
    readDisable(holds)
  }

  private func dropHeld() {
    held.removeAll()
    holdsBack = false
    if let trailers = heldTrailers { headerMaps.giveBack(trailers) }
    heldTrailers = nil
  }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    // Filters that look at bodies see the end as Envoy's have it: over HTTP/1.1 behind all of the body.
    if endStream, config.filtersSeeBodies, !data.isEmpty, !downstream.isHTTP2 {
      decodeData(data, endStream: false)
      return decodeData(.empty, endStream: true)
    }
    lastActivity = loop.now
    info.bytesReceived += data.count
    if endStream { endRequest() }
    if isOver || responseEnded { return }
    decodeData(data, endStream: endStream, from: 0)
  }

  private func decodeData(_ data: ByteView, endStream: Bool, from first: Int) {
    var data = data
    var index = first
    while index <= position {
      if !skips(index),
        chain[index].use({ $0.decodeRequestData(&data, endStream: endStream) }) == .stopIteration
      {
        return
      }
      index += 1
    }
    if index < chain.count { hold(data) }
  }

  override func decodeTrailers(_ trailers: HeaderMap) {
    lastActivity = loop.now
    endRequest()
    if isOver || responseEnded { return headerMaps.giveBack(trailers) }
    decodeTrailers(trailers, from: 0)
  }

  private func decodeTrailers(_ trailers: HeaderMap, from first: Int) {
    var index = first
    while index <= position {
      if !skips(index), chain[index].use({ $0.decodeRequestTrailers(trailers) }) == .stopIteration {
        return headerMaps.giveBack(trailers)
      }
      index += 1
    }
    if index < chain.count { heldTrailers = trailers } else { headerMaps.giveBack(trailers) }
  }

  private func endRequest() {
    requestEnded = true
    info.lastDownstreamByteReceived = loop.now
    requestTimer.disarm()
  }

  /// The connection ended under the stream.
  func connectionClosed(detail: StaticString) {
    connectionFailed(detail: detail, flag: .downstreamConnectionTermination)
  }

  /// The connection ends, with all its streams.
  func connectionFailed(detail: StaticString, flag: ResponseFlag?) {
    if isOver { return }
    shard.increment(config.stats[.downstreamRqRxReset])
    if let flag { info.responseFlags.insert(flag) }
    info.detail = .literal(detail)
    end()
  }

  /// What the codec has to say of the stream's end; nil for nothing.
  var codecDetails: StaticString? {
    guard let details = encoder?.use({ $0.details }), details.utf8CodeUnitCount > 0 else { return nil }
    return details
  }

  /// The client has reset the stream, or broken its rules, or does not take what waits for it (HTTP/2).
  override func decodeReset(_ reason: StreamReset) {
    if isOver { return }
    let connection = connection
    // As Envoy: a client that does not take the rest of its response in time has had it.
    if reason == .localReset, responseEnded { return connection.use { $0.streamEnded(self) } }
    shard.increment(config.stats[.downstreamRqRxReset])
    switch reason {
    case .protocolError, .localReset: info.responseFlags.insert(.downstreamProtocolError)
    default: info.responseFlags.insert(.downstreamRemoteReset)
    }
    info.detail = .literal(codecDetails ?? "http2.remote_reset")
    end()
    connection.use { $0.streamWasReset(byClient: self) }
  }

  override func aboveWriteBufferHighWatermark() {
    for filter in chain { filter.use { $0.onAboveWriteBufferHighWatermark() } }
  }

  override func belowWriteBufferLowWatermark() {
    for filter in chain { filter.use { $0.onBelowWriteBufferLowWatermark() } }
  }

  /// Back-pressure: the upstream takes no more of the request's body for now.
  func readDisable(_ disable: Bool) {
    if isOver { return }
    shard.increment(
      config.stats[disable ? .downstreamFlowControlPausedReadingTotal : .downstreamFlowControlResumedReadingTotal]
    )
    encoder?.use { $0.readDisable(disable) }
  }
}
