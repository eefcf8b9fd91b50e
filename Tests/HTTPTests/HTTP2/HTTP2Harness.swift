import HTTP
import Reactor

/// A connection manager in memory behind an HTTP/2 codec.
final class HTTP2Server: ServerCodecDelegate {
  let transport = MemoryTransport()
  let loop: EventLoop
  private(set) var codec: HTTP2ServerCodec?
  private(set) var streams: [RecordingDecoder] = []
  private(set) var encoders: [StreamEncoder] = []
  /// Streams of which the delegate was told that they are over.
  private(set) var completed: [Int] = []
  private(set) var counts: [String: Int] = [:]
  private(set) var error: CodecError?
  private(set) var keepaliveTimeouts = 0
  var onRequest: (HTTP2Server, Int) -> Void = { _, _ in }

  init(_ options: HTTP2Options = HTTP2Options()) throws {
    loop = try EventLoop(clock: .manual(ManualClock()), random: RandomGenerator(seed: 1))
    super.init()
    codec = HTTP2ServerCodec(transport: transport, delegate: self, loop: loop, pool: HeaderMapPool(), options: options)
  }

  override func newStream(_ encoder: StreamEncoder) -> StreamDecoder {
    let decoder = RecordingDecoder()
    let index = streams.count
    decoder.onComplete = { [unowned self] in onRequest(self, index) }
    streams.append(decoder)
    encoders.append(encoder)
    return decoder
  }

  override func streamComplete(_ decoder: StreamDecoder, reusable: Bool) {
    completed += streams.indices.filter { streams[$0] === decoder }
  }

  override func codecCounts(_ stat: CodecStat, _ amount: Int) { counts["\(stat)", default: 0] += amount }

  override func keepaliveTimedOut() { keepaliveTimeouts += 1 }

  override func codecFailed(_ error: CodecError) { self.error = error }

  func feed(_ bytes: [UInt8]) {
    guard error == nil, let codec else { return }
    error = dispatch(bytes) { bytes throws(CodecError) in try codec.dispatch(bytes) }
  }

  func respond(_ index: Int, _ headers: String = ":status: 200", body: String? = nil, trailers: String? = nil) {
    let encoder = encoders[index]
    encoder.encodeHeaders(HeaderMap(headers), endStream: body == nil && trailers == nil)
    if let body { encoder.send(body, endStream: trailers == nil) }
    if let trailers { encoder.encodeTrailers(HeaderMap(trailers)) }
  }

  func trace(_ index: Int) -> [String] {
    guard streams.indices.contains(index) else { return [] }
    streams[index].flush()
    return streams[index].trace
  }
}

/// A pool's client in memory behind an HTTP/2 codec.
final class HTTP2Client: ClientCodecDelegate {
  let transport = MemoryTransport()
  let loop: EventLoop
  private let clock = ManualClock()
  private(set) var codec: HTTP2ClientCodec?
  private(set) var streams: [RecordingDecoder] = []
  private(set) var encoders: [StreamEncoder] = []
  private(set) var completed: [Int] = []
  private(set) var counts: [String: Int] = [:]
  private(set) var error: CodecError?
  private(set) var goAways = 0
  private(set) var limits: [Int] = []
  private(set) var keepaliveTimeouts = 0

  init(_ options: HTTP2Options = HTTP2Options()) throws {
    loop = try EventLoop(clock: .manual(clock), random: RandomGenerator(seed: 1))
    super.init()
    codec = HTTP2ClientCodec(transport: transport, delegate: self, loop: loop, pool: HeaderMapPool(), options: options)
  }

  override func streamComplete(_ decoder: StreamDecoder, _ end: ClientStreamEnd) {
    completed += streams.indices.filter { streams[$0] === decoder }
  }

  override func goAwayReceived() { goAways += 1 }

  override func maxConcurrentStreamsChanged(_ limit: Int) { limits.append(limit) }

  override func codecCounts(_ stat: CodecStat, _ amount: Int) { counts["\(stat)", default: 0] += amount }

  override func keepaliveTimedOut() { keepaliveTimeouts += 1 }

  /// Opens a stream and sends a request on it; returns its index.
  @discardableResult
  func request(
    _ headers: String = ":method: GET\n:scheme: http\n:authority: h\n:path: /", endStream: Bool = true
  ) -> Int {
    guard let codec else { return 0 }
    let decoder = RecordingDecoder()
    streams.append(decoder)
    let encoder = codec.newStream(decoder).object
    encoders.append(encoder)
    encoder.encodeHeaders(HeaderMap(headers), endStream: endStream)
    return streams.count - 1
  }

  func advance(milliseconds: Int64) {
    clock.advance(milliseconds: milliseconds)
    loop.turn(waiting: false)
  }

  func feed(_ bytes: [UInt8]) {
    guard error == nil, let codec else { return }
    error = dispatch(bytes) { bytes throws(CodecError) in try codec.dispatch(bytes) }
  }

  func trace(_ index: Int) -> [String] {
    streams[index].flush()
    return streams[index].trace
  }
}

/// A client and a server whose bytes go to each other.
struct HTTP2Pair {
  let client: HTTP2Client
  let server: HTTP2Server

  init(client: HTTP2Options = HTTP2Options(), server: HTTP2Options = HTTP2Options()) throws {
    self.client = try HTTP2Client(client)
    self.server = try HTTP2Server(server)
    exchange()
  }

  /// Carries bytes both ways until there are none.
  func exchange(pieceLength: Int = .max) {
    var rounds = 0
    while rounds < 10_000 {
      rounds += 1
      let toServer = client.transport.takeBytes()
      for piece in toServer.pieces(of: pieceLength) { server.feed(piece) }
      let toClient = server.transport.takeBytes()
      for piece in toClient.pieces(of: pieceLength) { client.feed(piece) }
      if toServer.isEmpty, toClient.isEmpty { return }
    }
  }
}

private func dispatch(_ bytes: [UInt8], _ body: (ByteView) throws(CodecError) -> Int) -> CodecError? {
  do throws(CodecError) {
    _ = try bytes.withUnsafeBufferPointer { buffer throws(CodecError) in
      try body(ByteView(UnsafeRawBufferPointer(buffer)))
    }
    return nil
  } catch {
    return error
  }
}

extension StreamEncoder {
  func send(_ text: String, endStream: Bool) {
    var text = text
    text.withUTF8 { encodeData(ByteView(UnsafeRawBufferPointer($0)), endStream: endStream) }
  }
}

extension MemoryTransport {
  func takeBytes() -> [UInt8] {
    let bytes = Array(output.view.buffer)
    output.removeAll()
    return bytes
  }
}

extension [UInt8] {
  fileprivate func pieces(of length: Int) -> [[UInt8]] {
    if count <= length { return isEmpty ? [] : [self] }
    return stride(from: 0, to: count, by: length).map { Array(self[$0..<Swift.min(count, $0 + length)]) }
  }
}
