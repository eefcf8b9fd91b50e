import HTTP
import Reactor

/// A connection manager in memory: it keeps the bytes that the codec leaves, and answers as told.
final class ServerHarness: ServerCodecDelegate {
  let transport = MemoryTransport()
  private(set) var codec: HTTP1ServerCodec?
  private(set) var streams: [RecordingDecoder] = []
  private(set) var encoder: StreamEncoder?
  /// What the delegate was told: completions and pauses of reading.
  private(set) var log: [String] = []
  private(set) var error: CodecError?
  private var pending: [UInt8] = []
  /// Called when a request is complete.
  var onRequest: (ServerHarness) -> Void = { _ in }
  var onNewStream: (ServerHarness, RecordingDecoder) -> Void = { _, _ in }

  init(_ options: HTTP1ServerOptions = HTTP1ServerOptions(), pool: HeaderMapPool = HeaderMapPool()) {
    super.init()
    codec = HTTP1ServerCodec(transport: transport, delegate: self, pool: pool, options: options)
  }

  override func newStream(_ encoder: StreamEncoder) -> StreamDecoder {
    self.encoder = encoder
    let decoder = RecordingDecoder()
    decoder.onComplete = { [unowned self] in onRequest(self) }
    streams.append(decoder)
    onNewStream(self, decoder)
    return decoder
  }

  override func streamComplete(_ decoder: StreamDecoder, reusable: Bool) {
    log.append(reusable ? "complete" : "complete, close")
  }

  override func codecReadDisable(_ disable: Bool) { log.append(disable ? "pause" : "resume") }

  override func codecCanDecode() { dispatch() }

  func feed(_ text: String) { feed(Array(text.utf8)) }

  func feed(_ bytes: [UInt8]) {
    pending += bytes
    dispatch()
  }

  /// Feeds the bytes cut where told, and says what came of it.
  func trace(_ bytes: [UInt8], cutAt cuts: [Int]) -> [String] {
    var start = 0
    for cut in cuts + [bytes.count] {
      if cut > start { feed(Array(bytes[start..<cut])) }
      start = max(start, cut)
    }
    return trace
  }

  /// Everything that the streams saw, and the error that ended it.
  var trace: [String] {
    for stream in streams { stream.flush() }
    return streams.flatMap(\.trace) + (error.map { ["error \($0.status) \($0.detail)"] } ?? [])
  }

  /// Bytes that the codec has not taken.
  var left: Int { pending.count }

  func respond(_ headers: String = ":status: 200", body: String? = nil) {
    encoder?.encodeHeaders(HeaderMap(headers), endStream: body == nil)
    if let body { send(body, endStream: true) }
  }

  func send(_ data: String, endStream: Bool) {
    var data = data
    data.withUTF8 { encoder?.encodeData(ByteView(UnsafeRawBufferPointer($0)), endStream: endStream) }
  }

  private func dispatch() {
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
}
