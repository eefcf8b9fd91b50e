import HTTP
import Reactor

/// A pool's client in memory.
final class ClientHarness: ClientCodecDelegate {
  let transport = MemoryTransport()
  private(set) var codec: HTTP1ClientCodec?
  private(set) var streams: [RecordingDecoder] = []
  private(set) var encoder: StreamEncoder?
  private(set) var log: [String] = []
  private(set) var error: CodecError?
  private var pending: [UInt8] = []

  init(_ options: HTTP1ClientOptions = HTTP1ClientOptions()) {
    super.init()
    codec = HTTP1ClientCodec(transport: transport, delegate: self, pool: HeaderMapPool(), options: options)
  }

  private(set) var peerWillCloseCount = 0

  override func peerWillClose() { peerWillCloseCount += 1 }

  override func streamComplete(_ decoder: StreamDecoder, _ end: ClientStreamEnd) {
    switch end {
    case .reusable: log.append("complete")
    case .closes: log.append("complete, close")
    case .unaskedBytes: log.append("complete, unasked bytes")
    case .unfinished: log.append("unfinished")
    }
  }

  override func codecReadDisable(_ disable: Bool) { log.append(disable ? "pause" : "resume") }

  /// Opens a stream and sends a request on it.
  @discardableResult
  func request(_ headers: String = ":method: GET\n:path: /\n:authority: h", endStream: Bool = true) -> RecordingDecoder
  {
    let decoder = RecordingDecoder()
    streams.append(decoder)
    encoder = codec?.newStream(decoder).object
    encoder?.encodeHeaders(HeaderMap(headers), endStream: endStream)
    return decoder
  }

  func send(_ data: String, endStream: Bool) {
    var data = data
    data.withUTF8 { encoder?.encodeData(ByteView(UnsafeRawBufferPointer($0)), endStream: endStream) }
  }

  func feed(_ text: String) { feed(Array(text.utf8)) }

  func feed(_ bytes: [UInt8]) {
    pending += bytes
    guard error == nil, !pending.isEmpty, let codec else { return }
    let bytes = pending
    do throws(CodecError) {
      let taken = try bytes.withUnsafeBufferPointer { buffer throws(CodecError) in
        try codec.dispatch(ByteView(UnsafeRawBufferPointer(buffer)))
      }
      pending.removeFirst(taken)
    } catch {
      self.error = error
    }
  }

  func close() {
    do throws(CodecError) { try codec?.endOfInput(isClean: true) } catch { self.error = error }
  }

  func trace(_ bytes: [UInt8], cutAt cuts: [Int]) -> [String] {
    var start = 0
    for cut in cuts + [bytes.count] {
      if cut > start { feed(Array(bytes[start..<cut])) }
      start = max(start, cut)
    }
    return trace
  }

  var trace: [String] {
    for stream in streams { stream.flush() }
    return streams.flatMap(\.trace) + (error.map { ["error \($0.detail)"] } ?? [])
  }
}
