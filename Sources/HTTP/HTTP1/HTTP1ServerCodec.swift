import Reactor

/// The downstream side of HTTP/1.1 on one connection (RFC 9112).
///
///     idle --first byte--> head --empty line--> content --its end--> awaitingResponse --response sent--> idle
///
/// A request without content goes from head to awaitingResponse. Bytes of the next request wait outside until the
/// response is sent, and until the client has read enough of what it was sent before. From every state to `finished`, where what still comes is taken and dropped: the peer broke the
/// protocol, the stream was reset, or the response ended before the request or said that the connection closes.
package final class HTTP1ServerCodec: ServerCodec {
  private enum Phase { case idle, head, content, awaitingResponse, finished }

  /// Bytes of empty lines that are skipped before a request line (RFC 9112 §2.2 asks for one line at least).
  private static let maxEmptyLineBytes = 128

  private let pool: HeaderMapPool
  private let options: HTTP1ServerOptions
  private let names = HeaderNameTable.shared
  /// Sound: the delegate owns the codec, and so lives longer.
  private let delegate: Unretained<ServerCodecDelegate>
  private let encoder: HTTP1ResponseEncoder

  private var phase = Phase.idle
  /// Its owner keeps it, to the end of the turn in which the stream ends.
  private var decoder: Unretained<StreamDecoder>?
  private var isDispatching = false
  private var emptyLineBytes = 0
  private var heads: HeadReader
  private var body = BodyReader(.none, maxTrailerBytes: 0)

  private var readDisables = 0
  private var holdsBack = false
  private var isReadingPaused = false
  private var isAboveHighWatermark = false

  package init(
    transport: Transport, delegate: ServerCodecDelegate, pool: HeaderMapPool, options: HTTP1ServerOptions
  ) {
    self.delegate = Unretained(delegate)
    self.pool = pool
    self.options = options
    heads = HeadReader(maxKiB: options.maxRequestHeadersKiB)
    encoder = HTTP1ResponseEncoder(transport: transport, enableTrailers: options.enableTrailers)
    super.init()
    encoder.codec = Unretained(self)
  }

  deinit { encoder.codec = nil }

  package override func dispatch(_ bytes: ByteView) throws(CodecError) -> Int {
    if isDispatching { return 0 }
    isDispatching = true
    defer { isDispatching = false }
    do throws(CodecError) {
      let taken = try decode(bytes)
      if taken < bytes.count, phase == .awaitingResponse || phase == .idle && isAboveHighWatermark {
        holdsBack = true
        updateReading()
      }
      return taken
    } catch {
      phase = .finished
      throw error
    }
  }

  package override func endOfInput() throws(CodecError) {
    phase = .finished
    guard let decoder else { return }
    self.decoder = nil
    encoder.abandon()
    decoder.use { $0.decodeReset(.connectionTermination) }
  }

  package override func goAway() { encoder.closesConnection = true }

  package override func aboveWriteBufferHighWatermark() {
    isAboveHighWatermark = true
    decoder?.use { $0.aboveWriteBufferHighWatermark() }
  }

  package override func belowWriteBufferLowWatermark() {
    isAboveHighWatermark = false
    decoder?.use { $0.belowWriteBufferLowWatermark() }
    guard holdsBack, phase == .idle else { return }
    holdsBack = false
    updateReading()
  }

  // MARK: Decoding

  private func decode(_ bytes: ByteView) throws(CodecError) -> Int {
    var index = 0
    while index < bytes.count {
      switch phase {
      case .idle:
        // Else a client that sends requests and reads no responses would make us keep them all.
        if isAboveHighWatermark { return index }
        index += try skipEmptyLines(bytes.dropFirst(index))
        guard phase == .head else { return index }
      case .head:
        let length = try decodeHead(bytes.dropFirst(index))
        if length == 0 { return index }
        index += length
      case .content:
        let waits = try decodeContent(bytes, from: &index)
        if waits { return index }
      case .awaitingResponse: return index
      case .finished: return bytes.count
      }
    }
    return index
  }

  /// Opens the stream at the first byte that is no line end. Returns how many bytes come before it.
  private func skipEmptyLines(_ bytes: ByteView) throws(CodecError) -> Int {
    var index = 0
    while index < bytes.count, bytes[index] == 0x0d || bytes[index] == 0x0a {
      if bytes[index] == 0x0d, index + 1 == bytes.count { return index }
      let isLine = bytes[index] == 0x0a || bytes[index + 1] == 0x0a
      index += bytes[index] == 0x0a ? 1 : 2
      guard isLine, emptyLineBytes + index <= Self.maxEmptyLineBytes else {
        openStream()
        throw .malformed
      }
    }
    emptyLineBytes += index
    if index < bytes.count { openStream() }
    return index
  }

  private func openStream() {
    phase = .head
    emptyLineBytes = 0
    heads.begin()
    encoder.begin()
    decoder = delegate.use { Unretained($0.newStream(encoder)) }
  }

  /// Returns the head's length, or 0 while it is incomplete.
  private func decodeHead(_ bytes: ByteView) throws(CodecError) -> Int {
    let found = try heads.next(bytes, pool: pool) { window, map throws(CodecError) in
      try RequestHead.read(window, into: map, options: options, names: names)
    } checkLine: { window throws(CodecError) in
      _ = try RequestLine.read(window, allowCustomMethods: options.allowCustomMethods)
    }
    guard let (head, map) = found else { return 0 }
    if options.underscores != .allow { try treatUnderscores(map) }
    accept(head, map)
    return head.length
  }

  /// `headers_with_underscores_action`; a map that is refused goes back to the pool. No known name has an underscore.
  private func treatUnderscores(_ map: HeaderMap) throws(CodecError) {
    var count = 0
    for index in 0..<map.endIndex where map.isLive(at: index) && map.name(at: index) == .other {
      guard map.nameText(at: index).firstIndex(of: 0x5f) != nil else { continue }
      if options.underscores == .rejectRequest {
        delegate.use { $0.codecCounts(.requestsRejectedWithUnderscoresInHeaders, 1) }
        pool.giveBack(map)
        throw .unexpectedUnderscore
      }
      map.remove(at: index)
      count += 1
    }
    if count > 0 { delegate.use { $0.codecCounts(.droppedHeadersWithUnderscores, count) } }
  }

  private func accept(_ head: RequestHead, _ map: HeaderMap) {
    if head.asksToClose { encoder.closesConnection = true }
    encoder.isAnswerToHead = head.method == .head
    encoder.isAnswerToConnect = head.method == .connect
    let endStream = head.framing == .none || head.framing == .length(0)
    if endStream {
      phase = .awaitingResponse
    } else {
      phase = .content
      body = BodyReader(head.framing, maxTrailerBytes: heads.maxBytes)
    }
    decoder?.use { $0.decodeHeaders(map, endStream: endStream) }
  }

  /// Returns whether the rest waits for more.
  private func decodeContent(_ bytes: ByteView, from index: inout Int) throws(CodecError) -> Bool {
    while phase == .content {
      switch try body.next(bytes, from: &index) {
      case .needMore: return true
      case .data(let data, let isLast):
        if isLast { phase = .awaitingResponse }
        decoder?.use { $0.decodeData(data, endStream: isLast) }
      case .trailers(let section): try decodeTrailers(section)
      case .end:
        phase = .awaitingResponse
        decoder?.use { $0.decodeData(.empty, endStream: true) }
      }
    }
    return false
  }

  private func decodeTrailers(_ section: ByteView) throws(CodecError) {
    let map = try FieldLines.readTrailers(
      section, .requestTrailers, maxCount: options.maxHeadersCount, names: names, pool: pool)
    if options.underscores != .allow { try treatUnderscores(map) }
    phase = .awaitingResponse
    if options.enableTrailers, let decoder {
      decoder.use { $0.decodeTrailers(map) }
    } else {
      pool.giveBack(map)
      decoder?.use { $0.decodeData(.empty, endStream: true) }
    }
  }

  // MARK: The encoder's word

  /// The response is sent whole.
  func responseEnded(closesConnection: Bool) {
    endStream(reusable: phase == .awaitingResponse && !closesConnection)
  }

  /// The stream was reset from our side.
  func streamReset() { endStream(reusable: false) }

  func setReadDisabled(_ disabled: Bool) {
    guard decoder != nil else { return }
    readDisables = max(0, readDisables + (disabled ? 1 : -1))
    updateReading()
  }

  private func endStream(reusable: Bool) {
    let ended = decoder
    decoder = nil
    phase = reusable ? .idle : .finished
    let canDecode = holdsBack && !isDispatching
    readDisables = 0
    holdsBack = false
    // A delegate that reads at once must not meet the next request before it knows of the end of this one.
    if !reusable { updateReading() }
    if let ended { delegate.use { delegate in ended.use { delegate.streamComplete($0, reusable: reusable) } } }
    updateReading()
    if canDecode, phase == .idle { delegate.use { $0.codecCanDecode() } }
  }

  private func updateReading() {
    let paused = readDisables > 0 || holdsBack
    if paused == isReadingPaused { return }
    isReadingPaused = paused
    delegate.use { $0.codecReadDisable(paused) }
  }
}
