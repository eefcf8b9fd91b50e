import CNghttp2
import Reactor

/// One stream of a session, and its encoder: what is sent goes to nghttp2, what the peer's window leaves no room for
/// waits here. Used again for later streams; which it is at present is told by `id`.
///
/// Nobody is told anything any more once `decoder` is nil: the stream is over, or was reset from our side.
final class HTTP2Stream: StreamEncoder {
  /// Sound: the session keeps its streams, and so lives longer.
  let session: Unretained<HTTP2Session>
  /// As RFC 9113 §5.1.1 counts; 0 for a request that is not sent yet.
  var id: Int32 = 0
  /// Place among the session's open streams.
  var place = 0
  /// Its owner keeps it, to the end of the turn in which the stream ends.
  var decoder: Unretained<StreamDecoder>?

  // What comes.
  var fields: HeaderMap?
  var fieldBytes = 0
  var hasHead = false
  var remoteEnded = false
  /// The error code of the peer's RST_STREAM.
  var remoteReset: UInt32?
  /// What was wrong with its message, or how it ended; kept until the next use.
  private var ending: StaticString = ""
  private var readDisables = 0
  private var unconsumed = 0

  // What goes.
  private var headSent = false
  /// The request's head is nghttp2's, and not written yet: until it is, the stream is none that data could be sent on.
  var isHeadWaiting = false
  /// Something of the message, or its end, waits for that.
  private var waitsForHead = false
  var isAnswerToHead = false
  private(set) var hasTunnelFailed = false
  /// The protocol that a request asked for; empty for none. Upstream side.
  private(set) var upgrade: [UInt8] = []
  private var isBodyless = false
  /// All of the message was said.
  private(set) var localEnded = false
  /// The frame that ends it was written.
  var localEndSent = false
  /// What is being sent right now, the caller's; there is none while bytes wait.
  private var current = ByteView.empty
  private var waiting: ByteQueue
  /// Said, and waits for the bytes before it.
  private var trailers: HeaderMap?
  /// nghttp2 will ask for data.
  private var isDataSubmitted = false
  private var isQueueAbove = false
  private var saidAbove = false
  /// When what waits has waited too long; for a message of which all was said.
  private(set) var flushDeadline = Int64.max

  init(_ session: HTTP2Session) {
    self.session = Unretained(session)
    waiting = ByteQueue(pool: session.loop.pool)
    super.init()
  }

  /// What nghttp2 knows the stream by.
  var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  /// Makes it ready for its next use; what it still holds is dropped.
  func clear() {
    session.use { session in
      if let map = fields { session.pool.giveBack(map) }
      if let map = trailers { session.pool.giveBack(map) }
    }
    fields = nil
    trailers = nil
    id = 0
    decoder = nil
    fieldBytes = 0
    hasHead = false
    remoteEnded = false
    remoteReset = nil
    readDisables = 0
    unconsumed = 0
    headSent = false
    isHeadWaiting = false
    waitsForHead = false
    isAnswerToHead = false
    upgrade = []
    hasTunnelFailed = false
    isBodyless = false
    localEnded = false
    localEndSent = false
    current = .empty
    waiting.removeAll()
    isDataSubmitted = false
    isQueueAbove = false
    saidAbove = false
    flushDeadline = .max
  }

  override var details: StaticString { ending }

  func note(_ details: StaticString) { if ending.utf8CodeUnitCount == 0 { ending = details } }

  /// A new use begins.
  func begin() { ending = "" }

  // MARK: Encoding

  override func encodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    guard decoder != nil, !headSent else { return }
    headSent = true
    localEnded = endStream
    session.use { session in
      if headers.isUpgrade { return sendUpgrade(headers, endStream: endStream, on: session) }
      if session.isServer {
        let status = headers.value(of: .status)
        isBodyless = isAnswerToHead || status.map { $0 == "204" || $0 == "304" } ?? false
      } else {
        isAnswerToHead = headers.value(of: .method).map { $0 == "HEAD" } ?? false
      }
      session.sendHead(self, headers, endStream: endStream)
    }
  }

  /// An upgrade, or the answer to one, as HTTP/2 says it (RFC 8441).
  private func sendUpgrade(_ headers: HeaderMap, endStream: Bool, on session: HTTP2Session) {
    let copy = session.pool.take()
    copy.copy(from: headers)
    if session.isServer {
      copy.becomeConnectResponse()
    } else {
      upgrade = headers.value(of: .upgrade).map { Array($0.buffer) } ?? []
      copy.becomeExtendedConnect()
    }
    session.sendHead(self, copy, endStream: endStream)
    session.pool.giveBack(copy)
  }

  override func tunnelFailed() { hasTunnelFailed = true }

  override func encodeInformational(_ headers: HeaderMap) {
    guard decoder != nil, !headSent else { return }
    session.use { $0.sendHead(self, headers, endStream: false) }
  }

  override func encodeData(_ data: ByteView, endStream: Bool) {
    guard decoder != nil, headSent, !localEnded else { return }
    let data = isBodyless ? .empty : data
    if data.isEmpty && !endStream { return }
    localEnded = endStream
    session.use { send(data, on: $0) }
  }

  private func send(_ data: ByteView, on session: HTTP2Session) {
    let sendsNow = session.canSend
    if sendsNow && !isDataSubmitted && !isHeadWaiting { current = data } else { waiting.append(data) }
    submitData(to: session)
    session.flush()
    if !current.isEmpty {
      waiting.append(current)
      current = .empty
    }
    noteWaiting()
  }

  private func submitData(to session: HTTP2Session) {
    if isDataSubmitted { return }
    if isHeadWaiting {
      waitsForHead = true
      return
    }
    isDataSubmitted = true
    session.sendData(self)
  }

  override func encodeTrailers(_ trailers: HeaderMap) {
    guard decoder != nil, headSent, !localEnded else { return }
    localEnded = true
    session.use { session in
      if trailers.count == 0 || isBodyless {
        submitData(to: session)
      } else if isDataSubmitted || isHeadWaiting {
        waitsForHead = isHeadWaiting
        let copy = session.pool.take()
        copy.copy(from: trailers)
        self.trailers = copy
      } else {
        session.sendTrailers(self, trailers)
      }
      session.flush()
    }
    noteWaiting()
  }

  /// The request's head is written: what waited for that goes next.
  func headWritten(_ session: HTTP2Session) {
    guard isHeadWaiting else { return }
    isHeadWaiting = false
    guard waitsForHead, decoder != nil else { return }
    waitsForHead = false
    if waiting.isEmpty, let map = trailers {
      trailers = nil
      session.sendTrailers(self, map)
      session.pool.giveBack(map)
    } else {
      submitData(to: session)
    }
  }

  override func reset(_ reason: StreamReset) {
    guard let decoder else { return }
    self.decoder = nil
    waiting.removeAll()
    session.use { $0.reset(self, decoder, reason) }
  }

  override func readDisable(_ disable: Bool) {
    guard decoder != nil else { return }
    readDisables = max(0, readDisables + (disable ? 1 : -1))
    guard readDisables == 0, unconsumed > 0, !remoteEnded else { return }
    let length = unconsumed
    unconsumed = 0
    session.use {
      $0.credit(self, length)
      $0.flush()
    }
  }

  // MARK: What nghttp2 asks for

  /// How many of at most `limit` bytes come next, and NGHTTP2_DATA_FLAG_… for them.
  func provide(_ limit: Int) -> (length: Int, flags: UInt32) {
    let available = current.isEmpty ? waiting.count : current.count
    let length = min(available, limit)
    var flags = length > 0 ? NGHTTP2_DATA_FLAG_NO_COPY.rawValue : 0
    guard length == available else { return (length, flags) }
    isDataSubmitted = false
    flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
    if !localEnded || trailers != nil { flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue }
    if let map = trailers {
      trailers = nil
      session.use {
        $0.sendTrailers(self, map)
        $0.pool.giveBack(map)
      }
    }
    return (length, flags)
  }

  /// Writes the next `length` bytes, which ``provide(_:)`` promised.
  func write(_ length: Int, to transport: Transport) {
    if !current.isEmpty {
      let part = current.prefix(length)
      current = current.dropFirst(length)
      transport.write(part)
    } else if length > 0 {
      transport.write(waiting.view.prefix(length))
      waiting.consume(min(length, waiting.count))
      noteProgress()
    }
  }

  // MARK: Back-pressure

  private func noteWaiting() {
    if waiting.isEmpty { return }
    session.use { session in
      if waiting.count > session.options.initialStreamWindowSize { isQueueAbove = true }
      updateWatermark(session)
      if localEnded, decoder != nil { armFlushTimeout(session) }
    }
  }

  private func noteProgress() {
    session.use { session in
      if flushDeadline != .max { armFlushTimeout(session) }
      guard isQueueAbove, waiting.count <= session.options.initialStreamWindowSize / 2 else { return }
      isQueueAbove = false
      updateWatermark(session)
    }
  }

  private func armFlushTimeout(_ session: HTTP2Session) {
    guard session.options.streamFlushTimeout > 0 else { return }
    flushDeadline = session.loop.now &+ session.options.streamFlushTimeout
    session.watchFlushes()
  }

  /// Tells the decoder where the stream, or the connection as a whole, has come to hold too much, or no longer does.
  func updateWatermark(_ session: HTTP2Session) {
    let isAbove = isQueueAbove || session.isAboveHighWatermark
    guard isAbove != saidAbove, let decoder else { return }
    saidAbove = isAbove
    decoder.use { isAbove ? $0.aboveWriteBufferHighWatermark() : $0.belowWriteBufferLowWatermark() }
  }

  // MARK: Decoding

  /// Hands data on, and credits the stream's window with it, or keeps that for when its reader goes on.
  func receive(_ data: ByteView, endStream: Bool, _ session: HTTP2Session) {
    guard let decoder else { return }
    let id = id
    decoder.use { $0.decodeData(data, endStream: endStream) }
    // The call may have ended the stream, and another may have taken its place.
    guard !endStream, self.id == id else { return }
    if readDisables == 0 { session.credit(self, data.count) } else { unconsumed += data.count }
  }
}
