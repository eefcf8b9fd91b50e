import Reactor

/// Sends the responses of one connection, one after the other; the codec's only encoder, used again for each stream.
/// Calls for which no response is owed (the stream was reset, or its response is sent) do nothing.
final class HTTP1ResponseEncoder: StreamEncoder {
  private enum Phase { case none, head, content }

  private let transport: Transport
  private let enableTrailers: Bool
  private let names = HeaderNameTable.shared
  /// Sound: the codec clears it when it ends.
  var codec: Unretained<HTTP1ServerCodec>?
  /// The present response says that the connection closes: the request asks for it, or we are going.
  var closesConnection = false
  var isAnswerToHead = false
  var isAnswerToConnect = false

  private var phase = Phase.none
  private var isChunked = false
  /// A response that never has content: what comes of it is dropped (RFC 9110 §6.4.1).
  private var isBodyless = false
  private var closesAfter = false

  init(transport: Transport, enableTrailers: Bool) {
    self.transport = transport
    self.enableTrailers = enableTrailers
  }

  /// A stream begins.
  func begin() {
    phase = .head
    isAnswerToHead = false
    isAnswerToConnect = false
    closesAfter = false
  }

  /// The stream is gone, without an end.
  func abandon() { phase = .none }

  override func encodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    guard phase == .head else { return }
    let status = headers.value(of: .status).flatMap { statusCode($0) } ?? 0
    MessageWriter.appendStatusLine(status, to: &transport.output)
    // What follows is another protocol's.
    let isTunnel = status == 101 || isAnswerToConnect && status / 100 == 2
    let hasNoFraming = isTunnel || status < 200 || status == 204
    isBodyless = !isTunnel && (isAnswerToHead || hasNoFraming || status == 304)
    MessageWriter.appendFields(
      headers, omitting: hasNoFraming ? .contentLength : .other, names: names, to: &transport.output)
    if isTunnel { closesAfter = true } else { appendConnection(headers) }
    isChunked = false
    if !hasNoFraming, !headers.has(.contentLength) { appendFraming(status, endStream: endStream) }
    MessageWriter.appendLineEnd(to: &transport.output)
    phase = .content
    transport.flushSoon()
    if endStream { end() }
  }

  override func encodeInformational(_ headers: HeaderMap) {
    guard phase == .head else { return }
    MessageWriter.appendStatusLine(headers.value(of: .status).flatMap { statusCode($0) } ?? 100, to: &transport.output)
    MessageWriter.appendFields(headers, omitting: .contentLength, names: names, to: &transport.output)
    MessageWriter.appendLineEnd(to: &transport.output)
    transport.flushSoon()
  }

  override func encodeData(_ data: ByteView, endStream: Bool) {
    guard phase == .content else { return }
    if isBodyless {
      if endStream { end() }
      return
    }
    if isChunked {
      MessageWriter.writeChunk(data, endStream: endStream, to: transport)
    } else if data.count > 0 {
      transport.write(data)
    }
    if endStream { end() }
  }

  override func encodeTrailers(_ trailers: HeaderMap) {
    guard phase == .content else { return }
    if isChunked, !isBodyless {
      MessageWriter.writeTrailers(enableTrailers ? trailers : nil, names: names, to: transport)
    }
    end()
  }

  override func reset(_ reason: StreamReset) {
    if phase == .none { return }
    phase = .none
    codec?.use { $0.streamReset() }
  }

  override func readDisable(_ disable: Bool) { codec?.use { $0.setReadDisabled(disable) } }

  private func appendConnection(_ headers: HeaderMap) {
    closesAfter = headers.asksToClose
    guard closesConnection, !closesAfter else { return }
    transport.output.append("connection: close\r\n")
    closesAfter = true
  }

  /// The framing that the map does not bring, last in the head, as Envoy writes it.
  private func appendFraming(_ status: Int, endStream: Bool) {
    if status == 304 { return }
    if endStream, !isAnswerToHead { return transport.output.append("content-length: 0\r\n") }
    transport.output.append("transfer-encoding: chunked\r\n")
    isChunked = true
  }

  private func end() {
    // Writing may have ended the connection, and the stream with it.
    guard phase == .content else { return }
    phase = .none
    codec?.use { $0.responseEnded(closesConnection: closesAfter) }
  }
}
