import Reactor

/// Sends the requests of one upstream connection, one after the other; the codec's only encoder, used again for each
/// stream. Calls after the stream's end do nothing.
final class HTTP1RequestEncoder: StreamEncoder {
  private enum Phase { case none, head, content, sent }

  private let transport: Transport
  private let enableTrailers: Bool
  private let names = HeaderNameTable.shared
  /// Sound: the codec clears it when it ends.
  var codec: Unretained<HTTP1ClientCodec>?

  private var phase = Phase.none
  private var isChunked = false
  /// The method of the request sent, for the framing of its response.
  private(set) var method = RequestMethod.get
  /// The request asks for another protocol (``HeaderMap/isUpgrade``).
  private(set) var isUpgrade = false
  /// The request asks to close the connection after it.
  private(set) var closesAfter = false

  init(transport: Transport, enableTrailers: Bool) {
    self.transport = transport
    self.enableTrailers = enableTrailers
  }

  /// Whether what follows an answer is another protocol's, which a close cuts off.
  var isTunnel: Bool { isUpgrade || method == .connect }

  /// Whether the request is sent whole.
  var isComplete: Bool { phase == .sent }

  /// A stream begins.
  func begin() {
    phase = .head
    method = .get
    isUpgrade = false
    closesAfter = false
  }

  /// The stream is gone.
  func abandon() { phase = .none }

  override func encodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    guard phase == .head else { return }
    method = headers.value(of: .method).flatMap { RequestMethod($0) } ?? .other
    isUpgrade = headers.isUpgrade
    MessageWriter.appendRequestLine(headers, to: &transport.output)
    let authority = headers.value(of: .authority)
    if let authority { MessageWriter.appendField(.host, authority, names: names, to: &transport.output) }
    MessageWriter.appendFields(
      headers, omitting: authority == nil ? .other : .host, names: names, to: &transport.output)
    closesAfter = headers.asksToClose
    isChunked = false
    if !headers.has(.contentLength) { appendFraming(endStream: endStream) }
    MessageWriter.appendLineEnd(to: &transport.output)
    phase = endStream ? .sent : .content
    transport.flushSoon()
  }

  override func encodeData(_ data: ByteView, endStream: Bool) {
    guard phase == .content else { return }
    if endStream { phase = .sent }
    if isChunked {
      MessageWriter.writeChunk(data, endStream: endStream, to: transport)
    } else if data.count > 0 {
      transport.write(data)
    }
  }

  override func encodeTrailers(_ trailers: HeaderMap) {
    guard phase == .content else { return }
    phase = .sent
    if isChunked { MessageWriter.writeTrailers(enableTrailers ? trailers : nil, names: names, to: transport) }
  }

  override func reset(_ reason: StreamReset) {
    if phase == .none { return }
    phase = .none
    codec?.use { $0.streamReset() }
  }

  override func readDisable(_ disable: Bool) { codec?.use { $0.setReadDisabled(disable) } }

  /// The framing that the map does not bring, last in the head, as Envoy writes it.
  private func appendFraming(endStream: Bool) {
    if endStream {
      if method.announcesEmptyBody { transport.output.append("content-length: 0\r\n") }
    } else if method != .connect, !isUpgrade {
      transport.output.append("transfer-encoding: chunked\r\n")
      isChunked = true
    }
  }
}
