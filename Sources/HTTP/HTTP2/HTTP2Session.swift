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

  enum TimerID {
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
  let handle: OpaquePointer
  var table = FieldTable()

  var open: [HTTP2Stream] = []
  /// Ended in this turn of the loop, or in an earlier one if nothing came since: who still has the encoder of one may call
  /// it once more.
  var resting: [HTTP2Stream] = []
  private var restingSince: UInt64 = 0
  private var free: [HTTP2Stream] = []
  /// Streams kept for their next use; more than a busy connection has open at a time are let go.
  private static let keptStreams = 256

  /// nghttp2 is at work, and must not be called for more bytes.
  var isReceiving = false
  var isSending = false
  /// The connection is over: nothing is told and nothing sent any more.
  var isClosed = false
  var isAboveHighWatermark = false
  private(set) var failure: CodecError?
  private var failureIsCounted = false
  /// Streams whose requests cannot be sent here, until they are told.
  var refused: [HTTP2Stream] = []
  /// Received since the connection's window was last credited.
  private var received = 0
  /// The stream whose fields are being decoded, by its number (0 for none), and the map that they go to.
  private(set) var decodingID: Int32 = 0
  private(set) var decoding: (stream: Unretained<HTTP2Stream>, fields: Unretained<HeaderMap>)?
  let maxHeaderBytes: Int
  let names = HeaderNameTable.shared
  /// The last piece of a stream, which is open, held back for the word that it is the last.
  var held: (stream: Unretained<HTTP2Stream>, id: Int32, data: ByteView)?

  var floods: FloodGuard
  var closed = ClosedStreams()
  /// What the GOAWAY frame of a failure that nghttp2 does not know of says.
  private var failureCode: nghttp2_error_code?
  var marks = OutboundMarks()
  var framesInFlush = 0
  var controlInFlush = 0
  var bytesInFlush = 0

  var keepAlive: KeepAlive
  var pingTimer = Timer()
  var pingTimeoutTimer = Timer()
  var flushTimer = Timer()

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
    transport.gathersWrites = true
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
    let last = open.count - 1
    // The end of the connection has taken them all.
    guard stream.place <= last, open[stream.place] === stream else { return }
    if stream.place != last {
      open.swapAt(stream.place, last)
      open[stream.place].place = stream.place
    }
    // Moved, not copied: nobody else keeps it.
    resting.append(open.removeLast())
    restingSince = loop.turns
    if held?.id == stream.id { held = nil }
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
    if stream.fields == nil { stream.fields = pool.take() }
    stream.fieldBytes = 0
    decodingID = stream.id
    decoding = stream.fields.unretained.map { (Unretained(stream), $0) }
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
    while free.count < Self.keptStreams, let stream = resting.popLast() { free.append(stream) }
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
    if isLast { held = (Unretained(stream), stream.id, data) } else { stream.receive(data, endStream: false, self) }
  }

  /// The frame that ends the stream is whole.
  func receivedEnd(_ stream: HTTP2Stream) {
    if held?.id == stream.id {
      releaseHeld(endStream: true)
    } else {
      stream.receive(.empty, endStream: true, self)
    }
  }

  private func releaseHeld(endStream: Bool) {
    guard let (stream, _, data) = held else { return }
    held = nil
    if !hasEnded { stream.use { $0.receive(data, endStream: endStream, self) } }
  }

  /// A stream's reader took so many bytes: its peer may send as many more, once it is worth a frame.
  func credit(_ stream: HTTP2Stream, _ length: Int) {
    if stream.id != 0, length > 0 { nghttp2_session_consume_stream(handle, stream.id, length) }
  }

  // MARK: The loop's calls

  override func runLater() {
    let streams = refused
    refused = []
    if isClosed { return }
    if !streams.isEmpty { goAwayReceived() }
    for stream in streams where stream.decoder != nil && stream.id == 0 { close(stream, .remoteRefusedStreamReset) }
    if let failure, !failureIsCounted { tellFailure(failed(failure)) }
  }

  override func timerFired(_ id: UInt8) {
    if hasEnded { return }
    switch id {
    case TimerID.ping: ping()
    case TimerID.pingTimeout: pingTimedOut()
    default: checkFlushes()
    }
  }
}
