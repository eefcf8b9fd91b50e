import CNghttp2
import Reactor

/// One connection's nghttp2 session, and the only one that calls it (docs/architecture.md, "HTTP/2: where it sits").
///
/// Bytes in: ``receive(_:)``, whose callbacks (HTTP2Callbacks) tell the streams' decoders at once. Bytes out: what is
/// submitted goes into the transport with the next ``flush()``, at once where nghttp2 is not at work already.
final class HTTP2Session: EventHandler {
  /// Whose end of the connection it is. Sound: the codec owns the session.
  enum Owner {
    case none
    case server(Unretained<HTTP2ServerCodec>)
    case client(Unretained<HTTP2ClientCodec>)
  }

  private enum TimerID {
    static let ping: UInt8 = 0
    static let pingTimeout: UInt8 = 1
    static let flush: UInt8 = 2
  }

  let isServer: Bool
  let transport: Transport
  let loop: EventLoop
  let pool: HeaderMapPool
  let options: HTTP2Options
  var owner = Owner.none
  private let handle: OpaquePointer
  private var table = FieldTable()

  private(set) var open: [HTTP2Stream] = []
  /// Ended in this turn of the loop, or in an earlier one if nothing came since: who still has the encoder of one may call
  /// it once more.
  private var resting: [HTTP2Stream] = []
  private var restingSince: UInt64 = 0
  private var free: [HTTP2Stream] = []
  /// Streams kept for their next use; more than a busy connection has open at a time are let go.
  private static let keptStreams = 256

  /// nghttp2 is at work, and must not be called for more bytes.
  private var isReceiving = false
  private var isSending = false
  /// The connection is over: nothing is told and nothing sent any more.
  private(set) var isClosed = false
  private(set) var isAboveHighWatermark = false
  private(set) var failure: CodecError?
  private var failureIsCounted = false
  /// Received since the connection's window was last credited.
  private var received = 0
  /// The stream whose fields are being decoded, by its number (0 for none), and the map that they go to.
  private(set) var decodingID: Int32 = 0
  private(set) var decoding: (stream: Unretained<HTTP2Stream>, fields: Unretained<HeaderMap>)?
  let maxHeaderBytes: Int
  let names = HeaderNameTable.shared
  /// The last piece of a stream, held back for the word that it is the last.
  private var held: (stream: HTTP2Stream, data: ByteView)?

  var floods: FloodGuard
  var closed = ClosedStreams()
  /// What the GOAWAY frame of a failure that nghttp2 does not know of says.
  private var failureCode: nghttp2_error_code?
  private var marks = OutboundMarks()
  private var framesInFlush = 0
  private var controlInFlush = 0
  private var bytesInFlush = 0

  private var keepAlive: KeepAlive
  private var pingTimer = Timer()
  private var pingTimeoutTimer = Timer()
  private var flushTimer = Timer()

  init(isServer: Bool, transport: Transport, loop: EventLoop, pool: HeaderMapPool, options: HTTP2Options) {
    self.isServer = isServer
    self.transport = transport
    self.loop = loop
    self.pool = pool
    self.options = options
    maxHeaderBytes = options.maxHeadersKiB * 1024
    floods = FloodGuard(options)
    keepAlive = KeepAlive(options.keepalive, now: loop.now)
    handle = HTTP2Callbacks.makeSession(isServer: isServer, options, pool.http2Memory)
    super.init()
    HTTP2Callbacks.setOwner(self, of: handle)
    submitSettings()
  }

  deinit { nghttp2_session_del(handle) }

  /// Sends the connection's preface, and begins to watch over it.
  func start() {
    flush()
    armPing()
  }

  private func submitSettings() {
    let stream = UInt32(clamping: options.initialStreamWindowSize)
    // As Envoy; only a client says that it wants no pushes.
    var entries: InlineArray<5, nghttp2_settings_entry> = [
      setting(NGHTTP2_SETTINGS_ENABLE_PUSH, 0),
      setting(NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, UInt32(clamping: options.hpackTableSize)),
      setting(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, options.allowConnect ? 1 : 0),
      setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, UInt32(clamping: options.maxConcurrentStreams)),
      setting(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream),
    ]
    withUnsafeBytes(of: &entries) {
      let entries = $0.bindMemory(to: nghttp2_settings_entry.self).dropFirst(isServer ? 1 : 0)
      let list = UnsafeBufferPointer(rebasing: entries)
      nghttp2_submit_settings(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), list.baseAddress, list.count)
    }
    nghttp2_session_set_local_window_size(
      handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, Int32(clamping: options.initialConnectionWindowSize))
  }

  private func setting(_ id: nghttp2_settings_id, _ value: UInt32) -> nghttp2_settings_entry {
    nghttp2_settings_entry(settings_id: Int32(bitPattern: id.rawValue), value: value)
  }

  // MARK: Streams

  /// A stream for use, which the caller puts among the open ones (``opened(_:)``) once it has its decoder.
  func takeStream() -> HTTP2Stream {
    if free.isEmpty { reuseRested() }
    let stream = free.popLast() ?? HTTP2Stream(self)
    stream.begin()
    return stream
  }

  func opened(_ stream: HTTP2Stream) {
    stream.place = open.count
    open.append(stream)
    count(.streamsActive, 1)
    if isAboveHighWatermark { stream.updateWatermark(self) }
  }

  /// Takes a stream from the open ones, and makes it ready for its next use.
  func ended(_ stream: HTTP2Stream) {
    // Kept here before the open ones, who are all that keep it, let it go.
    resting.append(stream)
    restingSince = loop.turns
    if let last = open.popLast(), last !== stream {
      open[stream.place] = last
      last.place = stream.place
    }
    if held?.stream === stream { held = nil }
    if stream.id == decodingID { endFields() }
    stream.clear()
    count(.streamsActive, -1)
  }

  /// The stream nghttp2 calls by a number; nil for one that is gone.
  func stream(_ id: Int32) -> Unretained<HTTP2Stream>? {
    guard let pointer = nghttp2_session_get_stream_user_data(handle, id) else { return nil }
    return Unretained(opaque: pointer)
  }

  func unbind(_ id: Int32) { nghttp2_session_set_stream_user_data(handle, id, nil) }

  func bind(_ stream: HTTP2Stream) { nghttp2_session_set_stream_user_data(handle, stream.id, stream.pointer) }

  /// How many streams the peer lets us open at a time.
  var peerMaxConcurrentStreams: Int {
    Int(nghttp2_session_get_remote_settings(handle, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  /// Fields come for this stream.
  func beginFields(_ stream: HTTP2Stream) {
    let fields = stream.fields ?? pool.take()
    stream.fields = fields
    stream.fieldBytes = 0
    decodingID = stream.id
    decoding = (Unretained(stream), Unretained(fields))
  }

  func endFields() {
    decodingID = 0
    decoding = nil
  }

  // MARK: Bytes in

  /// Decodes all of the bytes.
  func receive(_ bytes: ByteView) throws(CodecError) {
    // It may have come while nothing was received, and is told by who gets here first.
    if let failure { throw failed(failure) }
    if isReceiving || isClosed { return }
    keepAlive.lastReceived = loop.now
    reuseRested()
    drainMarks()
    isReceiving = true
    let taken = nghttp2_session_mem_recv(handle, bytes.start, bytes.count)
    releaseHeld(endStream: false)
    isReceiving = false
    if hasEnded { return }
    if taken < 0, failure == nil {
      failure = taken == Int(NGHTTP2_ERR_FLOODED.rawValue) ? .outboundControlFlood : .http2Protocol
    }
    if let failureCode { nghttp2_session_terminate_session(handle, failureCode.rawValue) }
    if received > 0 {
      nghttp2_session_consume_connection(handle, received)
      received = 0
    }
    if failure?.isFlood != true { flush() }
    if let failure { throw failed(failure) }
  }

  private func reuseRested() {
    if loop.turns == restingSince { return }
    free += resting.prefix(max(0, Self.keptStreams - free.count))
    resting.removeAll(keepingCapacity: true)
  }

  private func failed(_ error: CodecError) -> CodecError {
    // Downstream the streams are the delegate's to end, and may be gone when the connection closes.
    if isServer { for stream in open { stream.decoder = nil } }
    if !failureIsCounted, let stat = CodecStat(flood: error) { count(stat, 1) }
    failureIsCounted = true
    return error
  }

  /// The connection is to be closed for this; it is told with the end of ``receive(_:)``, or soon where nothing is received.
  func fail(_ error: CodecError) {
    if failure != nil { return }
    failure = error
    if !isReceiving { loop.soon(self) }
  }

  /// As ``fail(_:)``, from a callback that ends nghttp2's work; a GOAWAY frame with the code follows.
  func fail(_ error: CodecError, code: nghttp2_error_code) {
    fail(error)
    failureCode = code
  }

  /// Resets a stream that is no more.
  func resetClosed(_ id: Int32) {
    nghttp2_submit_rst_stream(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, NGHTTP2_STREAM_CLOSED.rawValue)
  }

  /// Ends the session with a GOAWAY frame, behind which nothing is taken any more.
  func terminate(_ error: CodecError, code: nghttp2_error_code) {
    fail(error)
    nghttp2_session_terminate_session(handle, code.rawValue)
  }

  /// Whether callbacks have nobody left to tell.
  var hasEnded: Bool { isClosed || transport.hasEnded }

  /// Data of a stream that is gone: only the connection's window is to be credited.
  func dropped(_ length: Int) { received += length }

  func receivedData(_ stream: HTTP2Stream, _ data: ByteView, isLast: Bool) {
    received += data.count
    releaseHeld(endStream: false)
    if isLast { held = (stream, data) } else { stream.receive(data, endStream: false, self) }
  }

  /// The frame that ends the stream is whole.
  func receivedEnd(_ stream: HTTP2Stream) {
    if held?.stream === stream {
      releaseHeld(endStream: true)
    } else {
      stream.receive(.empty, endStream: true, self)
    }
  }

  private func releaseHeld(endStream: Bool) {
    guard let (stream, data) = held else { return }
    held = nil
    if !hasEnded { stream.receive(data, endStream: endStream, self) }
  }

  /// A stream's reader took so many bytes: its peer may send as many more, once it is worth a frame.
  func credit(_ stream: HTTP2Stream, _ length: Int) {
    if stream.id != 0, length > 0 { nghttp2_session_consume_stream(handle, stream.id, length) }
  }

  // MARK: Frames out

  /// Whether what is submitted now can be written before the call returns.
  var canSend: Bool { !isReceiving && !isSending && !isClosed }

  func sendHead(_ stream: HTTP2Stream, _ headers: HeaderMap, endStream: Bool) {
    let flags = UInt8(endStream ? NGHTTP2_FLAG_END_STREAM.rawValue : NGHTTP2_FLAG_NONE.rawValue)
    if isServer {
      table.fill(headers, .response, copies: !canSend)
      nghttp2_submit_headers(handle, flags, stream.id, nil, table.fields, table.count, nil)
    } else {
      stream.isHeadWaiting = true
      // What the peer has no room for waits inside nghttp2, for longer than the map stands.
      table.fill(headers, .request, copies: !canSend || open.count > peerMaxConcurrentStreams)
      let id = nghttp2_submit_headers(handle, flags, -1, nil, table.fields, table.count, stream.pointer)
      // Out of stream ids: this connection carries no further request.
      guard id > 0 else { return refuse(stream) }
      stream.id = id
      floods.streamOpened()
    }
    flush()
  }

  private var refused: [HTTP2Stream] = []

  /// Its caller is in the middle of a call: it hears of it right after, and the delegate that no more can come here.
  private func refuse(_ stream: HTTP2Stream) {
    refused.append(stream)
    loop.soon(self)
  }

  override func runLater() {
    let streams = refused
    refused = []
    if isClosed { return }
    if !streams.isEmpty { goAwayReceived() }
    for stream in streams where stream.decoder != nil && stream.id == 0 { close(stream, .remoteRefusedStreamReset) }
    if let failure, !failureIsCounted { tellFailure(failed(failure)) }
  }

  /// Something went wrong while nothing was received: no call is under way that could throw it.
  private func tellFailure(_ error: CodecError) {
    switch owner {
    case .server(let codec): codec.use { $0.delegate.use { $0.codecFailed(error) } }
    case .client(let codec): codec.use { $0.delegate.use { $0.codecFailed(error) } }
    case .none: break
    }
  }

  func sendData(_ stream: HTTP2Stream) {
    var provider = nghttp2_data_provider(
      source: nghttp2_data_source(ptr: stream.pointer), read_callback: HTTP2Callbacks.readData)
    nghttp2_submit_data(handle, UInt8(NGHTTP2_FLAG_END_STREAM.rawValue), stream.id, &provider)
  }

  func sendTrailers(_ stream: HTTP2Stream, _ trailers: HeaderMap) {
    table.fill(trailers, .trailers, copies: !canSend)
    nghttp2_submit_trailer(handle, stream.id, table.fields, table.count)
  }

  /// Resets a stream from our side: `decoder` hears no more of it.
  func reset(_ stream: HTTP2Stream, _ decoder: Unretained<StreamDecoder>, _ reason: StreamReset) {
    if stream.id == 0 {
      if !isClosed { ended(stream) }
    } else {
      submitReset(stream, code(of: reason))
      flush()
    }
    tellComplete(decoder, wasReset: true)
  }

  /// As Envoy: neither side learns why the other gave up.
  private func code(of reason: StreamReset) -> nghttp2_error_code {
    switch reason {
    case .protocolError: NGHTTP2_PROTOCOL_ERROR
    case .connectError: NGHTTP2_CONNECT_ERROR
    default: NGHTTP2_INTERNAL_ERROR
    }
  }

  func submitReset(_ stream: HTTP2Stream, _ code: nghttp2_error_code) {
    nghttp2_submit_rst_stream(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream.id, code.rawValue)
  }

  func submitShutdownNotice() {
    if isClosed { return }
    nghttp2_submit_shutdown_notice(handle)
    flush()
  }

  func submitGoAway() {
    if isClosed { return }
    // As Envoy: neither the notice before, nor one that says what was wrong.
    count(.goawaySent, 1)
    nghttp2_submit_goaway(
      handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), nghttp2_session_get_last_proc_stream_id(handle),
      NGHTTP2_NO_ERROR.rawValue, nil, 0)
    flush()
  }

  /// Writes what nghttp2 has to send into the transport. Where nghttp2 is at work, it is done by who called that.
  func flush() {
    if !canSend { return }
    isSending = true
    drainMarks()
    while !hasEnded {
      var bytes: UnsafePointer<UInt8>?
      let length = nghttp2_session_mem_send(handle, &bytes)
      guard length > 0, let bytes else {
        if length < 0 { fail(.http2Protocol) }
        break
      }
      bytesInFlush += length
      transport.output.append(ByteView(start: bytes, count: length))
    }
    isSending = false
    if bytesInFlush > 0 { flushed() }
  }

  /// A DATA frame: its header, and then the stream's bytes.
  func write(_ stream: HTTP2Stream, header: ByteView, length: Int) {
    bytesInFlush += header.count + length
    transport.output.append(header)
    stream.write(length, to: transport)
  }

  private func flushed() {
    transport.flushSoon()
    marks.wrote(bytesInFlush, frames: framesInFlush, control: controlInFlush)
    bytesInFlush = 0
    framesInFlush = 0
    controlInFlush = 0
    if let error = floods.outboundVerdict { fail(error) }
  }

  private func drainMarks() {
    let left = marks.drain(waiting: transport.output.count)
    if left.frames > 0 { floods.drained(frames: left.frames, control: left.control) }
  }

  /// nghttp2 has written a frame.
  func sent(_ type: UInt8) {
    let isControl = HTTP2Frame.isControl(type)
    framesInFlush += 1
    if isControl { controlInFlush += 1 }
    floods.sent(isControl: isControl, isData: type == HTTP2Frame.data)
  }

  // MARK: What the codec is told

  func setAboveHighWatermark(_ isAbove: Bool) {
    isAboveHighWatermark = isAbove
    for stream in open { stream.updateWatermark(self) }
  }

  /// The connection is over: whoever still waits for something hears of it.
  func close(_ reason: StreamReset) {
    if isClosed { return }
    isClosed = true
    endFields()
    held = nil
    pingTimer.disarm()
    pingTimeoutTimer.disarm()
    flushTimer.disarm()
    let streams = open
    // The call that ends the connection may come from one of them.
    resting += streams
    open = []
    if !streams.isEmpty { count(.streamsActive, -streams.count) }
    for stream in streams {
      let decoder = stream.decoder
      stream.clear()
      decoder?.use { $0.decodeReset(reason) }
    }
  }

  func count(_ stat: CodecStat, _ amount: Int) {
    switch owner {
    case .server(let codec): codec.use { $0.delegate.use { $0.codecCounts(stat, amount) } }
    case .client(let codec): codec.use { $0.delegate.use { $0.codecCounts(stat, amount) } }
    case .none: break
    }
  }

  /// A stream is over, whole or reset by us.
  func tellComplete(_ decoder: Unretained<StreamDecoder>, wasReset: Bool = false) {
    switch owner {
    case .server(let codec):
      codec.use { $0.delegate.use { delegate in decoder.use { delegate.streamComplete($0, reusable: true) } } }
    case .client(let codec):
      codec.use { codec in
        codec.delegate.use { delegate in
          let end = wasReset ? ClientStreamEnd.unfinished : codec.isGoingAway ? .closes : .reusable
          decoder.use { delegate.streamComplete($0, end) }
        }
      }
    case .none: break
    }
  }

  /// Ends a stream whose message did not come to its end.
  func close(_ stream: HTTP2Stream, _ reason: StreamReset) {
    let decoder = stream.decoder
    ended(stream)
    guard let decoder, !hasEnded else { return }
    if !isServer { tellComplete(decoder, wasReset: true) }
    decoder.use { $0.decodeReset(reason) }
  }

  /// Gives a stream up, and tells it so.
  private func abort(_ stream: HTTP2Stream) {
    guard let decoder = stream.decoder else { return }
    stream.decoder = nil
    submitReset(stream, NGHTTP2_INTERNAL_ERROR)
    flush()
    if !isServer { tellComplete(decoder, wasReset: true) }
    decoder.use { $0.decodeReset(.localReset) }
  }

  // MARK: Time

  func ping() {
    if isClosed || keepAlive.isWaiting { return }
    keepAlive.isWaiting = true
    nghttp2_submit_ping(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
    flush()
    pingTimeoutTimer.arm(loop, self, id: TimerID.pingTimeout, after: keepAlive.timeout)
  }

  /// A stream begins: after a long silence it is asked first whether the peer is there at all.
  func pingIfIdle() { if keepAlive.isStale(at: loop.now) { ping() } }

  func pingAnswered() {
    if !keepAlive.isWaiting { return }
    keepAlive.isWaiting = false
    pingTimeoutTimer.disarm()
    armPing()
  }

  private func armPing() {
    guard let delay = keepAlive.nextPing(&loop.random), !isClosed else { return }
    pingTimer.arm(loop, self, id: TimerID.ping, after: delay)
  }

  /// A stream has all of its message waiting: it may not do so for ever.
  func watchFlushes() {
    if flushTimer.isArmed { return }
    flushTimer.arm(loop, self, id: TimerID.flush, after: options.streamFlushTimeout)
  }

  override func timerFired(_ id: UInt8) {
    if hasEnded { return }
    switch id {
    case TimerID.ping: ping()
    case TimerID.pingTimeout: pingTimedOut()
    default: checkFlushes()
    }
  }

  private func pingTimedOut() {
    count(.keepaliveTimeout, 1)
    switch owner {
    case .server(let codec): codec.use { $0.delegate.use { $0.keepaliveTimedOut() } }
    case .client(let codec): codec.use { $0.delegate.use { $0.keepaliveTimedOut() } }
    case .none: break
    }
  }

  private func checkFlushes() {
    var next = Int64.max
    for stream in open where stream.flushDeadline != .max && stream.decoder != nil {
      if stream.flushDeadline > loop.now {
        next = min(next, stream.flushDeadline)
      } else {
        count(.txFlushTimeout, 1)
        abort(stream)
      }
    }
    if next != .max { flushTimer.arm(loop, self, id: TimerID.flush, after: next &- loop.now) }
  }
}
