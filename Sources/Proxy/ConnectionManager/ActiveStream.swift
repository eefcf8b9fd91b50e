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
  }

  let manager: WorkerConnectionManager
  private let config: ConnectionManagerInfo
  let worker: Worker
  let shard: StatsShard
  private(set) var filters: [HTTPFilter] = []
  private(set) unowned(unsafe) var connection: ConnectionManager
  private var encoder: StreamEncoder?

  private(set) var requestHeaders: HeaderMap?
  private(set) var responseHeaders: HeaderMap?
  private(set) var responseTrailers: HeaderMap?
  var info = StreamInfo()
  /// The route's stand-in for stream_idle_timeout counts here, in nanoseconds; 0: none.
  var idleTimeout: Int64 = 0

  private(set) var requestEnded = false
  private(set) var responseStarted = false
  private(set) var responseEnded = false
  /// The downstream half is gone, or never was: the object waits to be used again.
  private(set) var isOver = true
  private var isHead = false
  private var idleTimer = Timer()
  private var maxDurationTimer = Timer()
  private var requestTimer = Timer()
  private var lastActivity: Int64 = 0

  init(_ manager: WorkerConnectionManager, for connection: ConnectionManager) {
    self.manager = manager
    config = manager.info
    worker = manager.worker
    shard = manager.worker.shard
    self.connection = connection
    super.init()
    filters = manager.info.makeFilters(self)
  }

  /// The client's address as far as it is known: the peer's, or what a trusted peer says.
  var remoteAddress: Reactor.SocketAddress? {
    requestHeaders.flatMap { manager.forwardedAddress($0) } ?? connection.remoteAddress
  }
  var downstream: ConnectionManager { connection }

  // MARK: Life

  func begin(on connection: ConnectionManager, _ encoder: StreamEncoder) {
    self.connection = connection
    self.encoder = encoder
    isOver = false
    info.startTime = worker.loop.now
    info.startWallTime = worker.loop.wallNow
    info.randomValue = worker.loop.random.next()
    lastActivity = info.startTime
    idleTimeout = config.streamIdleTimeout
    armIdleTimer()
    if config.requestTimeout > 0 {
      requestTimer.arm(worker.loop, self, id: TimerID.requestTimeout, after: config.requestTimeout)
    }
    if config.maxStreamDuration > 0 {
      maxDurationTimer.arm(worker.loop, self, id: TimerID.maxDuration, after: config.maxStreamDuration)
    }
    shard.increment(config.stats[.downstreamRqTotal])
    shard.increment(config.stats[.downstreamRqHttp1Total])
    shard.adjust(config.stats[.downstreamRqActive], by: 1)
  }

  /// The stream is over: logs it, lets the filters go, and leaves the object for another.
  func end() {
    if isOver { return }
    isOver = true
    idleTimer.disarm()
    maxDurationTimer.disarm()
    requestTimer.disarm()
    info.endTime = worker.loop.now
    for index in filters.indices { filters[index].onDestroy() }
    countEnd()
    manager.log(self)
    encoder = nil
    // Callers further up the stack still hold views into the headers: they go at the end of the turn.
    worker.loop.later(self)
  }

  private func countEnd() {
    shard.adjust(config.stats[.downstreamRqActive], by: -1)
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
    responseEnded = false
    isHead = false
    manager.giveBack(self)
  }

  /// Breaks the circle of the stream and its filters: the object is not needed any more.
  func dismantle() {
    for filter in filters { filter.dismantle() }
    filters = []
  }

  private func giveBack(_ map: inout HeaderMap?) {
    if let held = map { worker.headerMaps.giveBack(held) }
    map = nil
  }

  // MARK: Timers

  func armIdleTimer() {
    idleTimer.disarm()
    if idleTimeout > 0 { idleTimer.arm(worker.loop, self, id: TimerID.idle, after: idleTimeout) }
  }

  /// The route has a max_stream_duration of its own, counted from the stream's start; 0: none.
  func overrideMaxDuration(_ nanoseconds: Int64) {
    maxDurationTimer.disarm()
    guard nanoseconds > 0 else { return }
    let spent = worker.loop.now - info.startTime
    maxDurationTimer.arm(worker.loop, self, id: TimerID.maxDuration, after: max(0, nanoseconds - spent))
  }

  override func timerFired(_ id: UInt8) {
    switch id {
    case TimerID.idle: idleTimerFired()
    case TimerID.maxDuration: maxDurationReached()
    default: requestTimedOut()
    }
  }

  private func idleTimerFired() {
    let idle = worker.loop.now - lastActivity
    if idle < idleTimeout {
      idleTimer.arm(worker.loop, self, id: TimerID.idle, after: idleTimeout - idle)
      return
    }
    shard.increment(config.stats[.downstreamRqIdleTimeout])
    info.responseFlags.insert(.streamIdleTimeout)
    giveUp(
      requestEnded ? 504 : 408, body: "stream timeout", detail: "stream_idle_timeout")
  }

  private func maxDurationReached() {
    shard.increment(config.stats[.downstreamRqMaxDurationReached])
    giveUp(504, body: "downstream duration timeout", detail: "max_duration_timeout")
  }

  private func requestTimedOut() {
    shard.increment(config.stats[.downstreamRqTimeout])
    giveUp(408, body: "request timeout", detail: "request_overall_timeout")
  }

  /// The headers of a request took too long: the connection's timer fired.
  func requestHeadersTimedOut() {
    shard.increment(config.stats[.downstreamRqHeaderTimeout])
    giveUp(408, body: "request header timeout", detail: "request_header_timeout")
  }

  /// Answers, or, where the answer has begun, cuts it off.
  private func giveUp(_ status: UInt16, body: StaticString, detail: StaticString) {
    if responseStarted {
      info.detail = .literal(detail)
      resetStream(.localReset)
    } else {
      sendLocalReply(LocalReply(status: status, body: ByteView(body), detail: .literal(detail)))
    }
  }

  // MARK: The request, from the codec

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    requestHeaders = headers
    lastActivity = worker.loop.now
    connection.requestHeadersReceived()
    isHead = headers.value(of: .method).map { $0 == "HEAD" } ?? false
    if endStream { endRequest() }
    manager.answerExpectation(headers, self)
    let asksForUpgrade = manager.removeConnectionHeaders(headers)
    if let reply = manager.refuse(headers) { return sendLocalReply(reply) }
    manager.mutateRequestHeaders(headers, self)
    manager.route(headers, self)
    if asksForUpgrade, let reply = manager.refuseUpgrade(headers, self) { return sendLocalReply(reply) }
    for index in filters.indices
    where filters[index].decodeRequestHeaders(headers, endStream: endStream) == .stopIteration { return }
  }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    lastActivity = worker.loop.now
    info.bytesReceived += data.count
    if endStream { endRequest() }
    if isOver || responseEnded { return }
    for filter in filters where filter.decodeRequestData(data, endStream: endStream) == .stopIteration { return }
  }

  override func decodeTrailers(_ trailers: HeaderMap) {
    lastActivity = worker.loop.now
    endRequest()
    if !isOver && !responseEnded {
      for filter in filters where filter.decodeRequestTrailers(trailers) == .stopIteration { break }
    }
    worker.headerMaps.giveBack(trailers)
  }

  private func endRequest() {
    requestEnded = true
    info.lastDownstreamByteReceived = worker.loop.now
    requestTimer.disarm()
  }

  /// The connection ended under the stream.
  func connectionClosed(locally: Bool) {
    if isOver { return }
    shard.increment(config.stats[.downstreamRqRxReset])
    info.responseFlags.insert(.downstreamConnectionTermination)
    info.detail = .literal(locally ? "downstream_local_disconnect" : "downstream_remote_disconnect")
    end()
  }

  override func aboveWriteBufferHighWatermark() {
    for filter in filters { filter.onAboveWriteBufferHighWatermark() }
  }

  override func belowWriteBufferLowWatermark() {
    for filter in filters { filter.onBelowWriteBufferLowWatermark() }
  }

  /// Back-pressure: the upstream takes no more of the request's body for now.
  func readDisable(_ disable: Bool) {
    if isOver { return }
    shard.increment(
      config.stats[disable ? .downstreamFlowControlPausedReadingTotal : .downstreamFlowControlResumedReadingTotal]
    )
    encoder?.readDisable(disable)
  }

  // MARK: The response, from the router

  /// The response's head, which the route may still change by what it says; ``encodeHeaders(endStream:)`` sends it. The
  /// map is the stream's from now on. Returns whether a response is wanted.
  func takeResponse(_ headers: HeaderMap, status: UInt16) -> Bool {
    if isOver || responseHeaders != nil {
      worker.headerMaps.giveBack(headers)
      return false
    }
    responseHeaders = headers
    info.responseCode = status
    return true
  }

  func encodeHeaders(endStream: Bool) {
    guard !isOver, !responseStarted, let headers = responseHeaders else { return }
    for index in filters.indices.reversed() { filters[index].encodeResponseHeaders(headers, endStream: endStream) }
    sendHeaders(headers, endStream: endStream)
  }

  func encodeInformational(_ headers: HeaderMap) {
    if !isOver && !responseStarted {
      manager.countResponse(100, self)
      encoder?.encodeInformational(headers)
    }
    worker.headerMaps.giveBack(headers)
  }

  private func sendHeaders(_ headers: HeaderMap, endStream: Bool) {
    responseStarted = true
    lastActivity = worker.loop.now
    info.firstDownstreamByteSent = worker.loop.now
    manager.mutateResponseHeaders(headers, self)
    manager.countResponse(info.responseCode, self)
    if endStream { responseWillEnd() }
    encoder?.encodeHeaders(headers, endStream: endStream)
  }

  func encodeData(_ data: ByteView, endStream: Bool) {
    if isOver || responseEnded { return }
    lastActivity = worker.loop.now
    if !isHead { info.bytesSent += data.count }
    if endStream { responseWillEnd() }
    encoder?.encodeData(data, endStream: endStream)
  }

  /// The map is the stream's from now on.
  func encodeTrailers(_ trailers: HeaderMap) {
    if isOver || responseEnded { return worker.headerMaps.giveBack(trailers) }
    responseTrailers = trailers
    responseWillEnd()
    encoder?.encodeTrailers(trailers)
  }

  private func responseWillEnd() {
    responseEnded = true
    info.lastDownstreamByteSent = worker.loop.now
  }

  /// Cuts the stream off: its connection ends with it, on HTTP/1.1.
  func resetStream(_ reason: StreamReset) {
    if isOver { return }
    // As Envoy: the reset is counted both as given and, by the codec's word, as got.
    shard.increment(config.stats[.downstreamRqTxReset])
    shard.increment(config.stats[.downstreamRqRxReset])
    let encoder = encoder
    let connection = connection
    end()
    connection.drainForClose(delayed: true)
    encoder?.reset(reason)
    connection.streamWasReset()
  }

  // MARK: Replies of our own

  /// Answers in the upstream's place.
  func sendLocalReply(_ reply: LocalReply) {
    if isOver || responseStarted { return }
    if let flag = reply.flag { info.responseFlags.insert(flag) }
    info.detail = reply.detail
    let headers = worker.headerMaps.take()
    headers.add(.status, decimal: Int(reply.status))
    guard takeResponse(headers, status: reply.status) else { return }
    reply.addHeaders?(headers)
    if !reply.body.isEmpty {
      headers.set(.contentLength, decimal: reply.body.count)
      if !headers.has(.contentType) { headers.add(.contentType, reply.contentType) }
    }
    for filter in filters.reversed() { filter.encodeResponseHeaders(headers, endStream: reply.body.isEmpty) }
    let empty = reply.body.isEmpty || isHead
    if reply.closesConnection || !requestEnded { connection.drainForClose(delayed: true) }
    sendHeaders(headers, endStream: empty)
    if !empty { encodeData(reply.body, endStream: true) }
  }
}

/// A reply of the proxy's own: what Envoy calls a local reply.
struct LocalReply {
  var status: UInt16
  var body: ByteView = .empty
  var contentType: StaticString = "text/plain"
  var detail: ResponseCodeDetail
  var flag: ResponseFlag?
  /// The request cannot be trusted, or what follows it: the connection ends behind the reply.
  var closesConnection = false
  /// Adds what the route or the reason wants in the head.
  var addHeaders: ((HeaderMap) -> Void)?
}
