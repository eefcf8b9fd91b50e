import Reactor

/// The upstream side of HTTP/1.1 on one connection (RFC 9112): one stream at a time.
///
///     idle --newStream--> head --empty line--> content --its end--> ending --told--> idle
///
/// Interim responses stay in head; a response without content goes from head to ending. From every state to `finished`,
/// where what still comes is taken and dropped: the connection cannot carry another stream.
package final class HTTP1ClientCodec: ClientCodec {
  private enum Phase { case idle, head, content, ending, finished }

  private let pool: HeaderMapPool
  private let options: HTTP1ClientOptions
  private let names = HeaderNameTable.shared
  /// Sound: the delegate owns the codec, and so lives longer.
  private let delegate: Unretained<ClientCodecDelegate>
  private let encoder: HTTP1RequestEncoder

  private var phase = Phase.idle
  /// Its owner keeps it, to the end of the turn in which the stream ends.
  private var decoder: Unretained<StreamDecoder>?
  /// Whose response is complete, until the pool is told.
  private var ended: Unretained<StreamDecoder>?
  private var isDispatching = false
  private var heads: HeadReader
  private var body = BodyReader(.none, maxTrailerBytes: 0)
  private var keepsAlive = false

  private var readDisables = 0
  private var isReadingPaused = false
  private var isAboveHighWatermark = false

  package init(
    transport: Transport, delegate: ClientCodecDelegate, pool: HeaderMapPool, options: HTTP1ClientOptions
  ) {
    self.delegate = Unretained(delegate)
    self.pool = pool
    self.options = options
    heads = HeadReader(maxKiB: options.maxResponseHeadersKiB)
    encoder = HTTP1RequestEncoder(transport: transport, enableTrailers: options.enableTrailers)
    super.init()
    encoder.codec = Unretained(self)
  }

  deinit { encoder.codec = nil }

  package override func newStream(_ decoder: StreamDecoder) -> Unretained<StreamEncoder> {
    precondition(phase == .idle)
    phase = .head
    heads.begin()
    self.decoder = Unretained(decoder)
    encoder.begin()
    if isAboveHighWatermark { decoder.aboveWriteBufferHighWatermark() }
    return Unretained(encoder)
  }

  /// - Throws: the peer broke the protocol. The open stream is reset before, for `protocolError`.
  package override func dispatch(_ bytes: ByteView) throws(CodecError) -> Int {
    if isDispatching { return 0 }
    isDispatching = true
    defer { isDispatching = false }
    do throws(CodecError) {
      return try decode(bytes)
    } catch {
      fail(.protocolError)
      throw error
    }
  }

  package override func endOfInput(isClean: Bool) throws(CodecError) {
    switch phase {
    case .idle, .ending, .finished: phase = .finished
    case .head where !heads.isInside: fail(.connectionTermination)
    case .content where body.endsWithConnection && (!isClean || encoder.isTunnel): fail(.connectionTermination)
    case .content where body.endsWithConnection:
      keepsAlive = false
      endResponse()?.use { $0.decodeData(.empty, endStream: true) }
      completeStream(hasMore: false)
    case .head, .content:
      fail(.protocolError)
      throw .malformed
    }
  }

  package override func connectionClosed(_ reason: StreamReset) { fail(reason) }

  package override func aboveWriteBufferHighWatermark() {
    isAboveHighWatermark = true
    decoder?.use { $0.aboveWriteBufferHighWatermark() }
  }

  package override func belowWriteBufferLowWatermark() {
    isAboveHighWatermark = false
    decoder?.use { $0.belowWriteBufferLowWatermark() }
  }

  // MARK: Decoding

  private func decode(_ bytes: ByteView) throws(CodecError) -> Int {
    var index = 0
    while index < bytes.count {
      switch phase {
      case .idle: throw (try StatusLine.read(bytes))?.code == 408 ? .unaskedRequestTimeout : .malformed
      case .head:
        let length = try decodeHead(bytes.dropFirst(index))
        if length == 0 { return index }
        index += length
      case .content:
        let waits = try decodeContent(bytes, from: &index)
        if waits { return index }
      case .ending: completeStream(hasMore: true)
      case .finished: return bytes.count
      }
    }
    if phase == .ending { completeStream(hasMore: false) }
    return index
  }

  /// Returns the head's length, or 0 while it is incomplete.
  private func decodeHead(_ bytes: ByteView) throws(CodecError) -> Int {
    let found = try heads.next(bytes, pool: pool) { window, map throws(CodecError) in
      try ResponseHead.read(
        window, into: map, method: encoder.method, isUpgrade: encoder.isUpgrade, options: options, names: names)
    } checkLine: { window throws(CodecError) in
      _ = try StatusLine.read(window)
    }
    guard let (head, map) = found else { return 0 }
    accept(head, map)
    return head.length
  }

  private func accept(_ head: ResponseHead, _ map: HeaderMap) {
    if head.isInformational {
      decoder?.use { $0.decodeInformational(map) }
      return
    }
    // What follows a 101 is no longer HTTP.
    keepsAlive = head.keepsAlive && head.code != 101
    if !head.keepsAlive { delegate.use { $0.peerWillClose() } }
    if head.framing == .none || head.framing == .length(0) {
      endResponse()?.use { $0.decodeHeaders(map, endStream: true) }
    } else {
      phase = .content
      body = BodyReader(head.framing, maxTrailerBytes: heads.maxBytes)
      decoder?.use { $0.decodeHeaders(map, endStream: false) }
    }
  }

  /// Returns whether the rest waits for more.
  private func decodeContent(_ bytes: ByteView, from index: inout Int) throws(CodecError) -> Bool {
    while phase == .content {
      switch try body.next(bytes, from: &index) {
      case .needMore: return true
      case .data(let data, let isLast):
        (isLast ? endResponse() : decoder)?.use { $0.decodeData(data, endStream: isLast) }
      case .trailers(let section): try decodeTrailers(section)
      case .end: endResponse()?.use { $0.decodeData(.empty, endStream: true) }
      }
    }
    return false
  }

  private func decodeTrailers(_ section: ByteView) throws(CodecError) {
    let map = try FieldLines.readTrailers(
      section, .responseTrailers, maxCount: options.maxHeadersCount, names: names, pool: pool)
    let decoder = endResponse()
    if options.enableTrailers, let decoder {
      decoder.use { $0.decodeTrailers(map) }
    } else {
      pool.giveBack(map)
      decoder?.use { $0.decodeData(.empty, endStream: true) }
    }
  }

  // MARK: Ends

  /// The response is complete with the call that is about to be made to the decoder, which is returned.
  private func endResponse() -> Unretained<StreamDecoder>? {
    phase = .ending
    ended = decoder
    decoder = nil
    return ended
  }

  /// Tells the pool, unless the connection was closed meanwhile.
  private func completeStream(hasMore: Bool) {
    guard phase == .ending else { return }
    if !encoder.isComplete {
      endStream(.unfinished)
    } else if hasMore {
      endStream(.unaskedBytes)
    } else {
      endStream(keepsAlive && !encoder.closesAfter ? .reusable : .closes)
    }
  }

  /// The stream was reset from our side.
  func streamReset() {
    guard decoder != nil else { return }
    ended = decoder
    decoder = nil
    endStream(.unfinished)
  }

  func setReadDisabled(_ disabled: Bool) {
    guard decoder != nil else { return }
    readDisables = max(0, readDisables + (disabled ? 1 : -1))
    updateReading()
  }

  private func endStream(_ end: ClientStreamEnd) {
    phase = end == .reusable ? .idle : .finished
    encoder.abandon()
    readDisables = 0
    if end != .reusable { updateReading() }
    if let over = ended {
      ended = nil
      delegate.use { delegate in over.use { delegate.streamComplete($0, end) } }
    }
    // The next stream may have begun, and paused reading itself.
    updateReading()
  }

  private func fail(_ reason: StreamReset) {
    phase = .finished
    encoder.abandon()
    readDisables = 0
    updateReading()
    guard let decoder else { return }
    self.decoder = nil
    decoder.use { $0.decodeReset(reason) }
  }

  private func updateReading() {
    let paused = readDisables > 0
    if paused == isReadingPaused { return }
    isReadingPaused = paused
    delegate.use { $0.codecReadDisable(paused) }
  }
}
