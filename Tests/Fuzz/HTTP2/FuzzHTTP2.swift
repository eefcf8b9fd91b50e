import HTTP
import Reactor

/// Both HTTP/2 codecs against whatever comes. Input: `c` for frames of a server or anything else for those of a client, a
/// byte that says what our side does meanwhile (``Behaviour``), one that says into how long pieces to cut, and the
/// frames; the client's preface is put before. They must do no harm, and each stream must come to just one end.
func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 3 else { return 0 }
  let bytes = ByteView(start: data + 3, count: count - 3)
  let behaviour = Behaviour(rawValue: data[1])
  let pieceLength = data[2] == 0 ? bytes.count : Int(data[2])
  do {
    let loop = try EventLoop(clock: .manual(ManualClock()), random: RandomGenerator(seed: 1))
    if data[0] == 0x63 {
      feedClient(bytes, pieceLength, Client(loop, behaviour))
    } else {
      feedServer(bytes, pieceLength, Server(loop, behaviour))
    }
  } catch {
    fatalError("no event loop")
  }
  return 0
}

private func feedServer(_ bytes: ByteView, _ pieceLength: Int, _ server: Server) {
  guard let codec = server.codec else { return }
  do throws(CodecError) {
    _ = try codec.dispatch(ByteView("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u{0}\u{0}\u{0}\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}"))
    try feed(bytes, pieceLength) { piece throws(CodecError) in
      _ = try codec.dispatch(piece)
      server.turn()
    }
  } catch {
    server.endStreams()
  }
  do throws(CodecError) { try codec.endOfInput() } catch {}
  server.ledger.check()
}

private func feedClient(_ bytes: ByteView, _ pieceLength: Int, _ client: Client) {
  guard let codec = client.codec else { return }
  client.request("GET", endStream: true)
  client.request("POST", endStream: false)
  client.request("HEAD", endStream: true)
  do throws(CodecError) {
    try feed(bytes, pieceLength) { piece throws(CodecError) in
      _ = try codec.dispatch(piece)
      client.turn()
    }
  } catch {}
  codec.connectionClosed(.connectionTermination)
  client.ledger.check()
}

private func feed(
  _ bytes: ByteView, _ pieceLength: Int, to dispatch: (ByteView) throws(CodecError) -> Void
) throws(CodecError) {
  var start = 0
  while start < bytes.count {
    let end = min(bytes.count, start + pieceLength)
    try dispatch(bytes[start..<end])
    start = end
  }
}

/// What our side does with what comes.
private struct Behaviour: OptionSet {
  let rawValue: UInt8
  /// Answers at the head, not at the end, of a message.
  static let answersEarly = Behaviour(rawValue: 1)
  static let resets = Behaviour(rawValue: 2)
  static let stopsReading = Behaviour(rawValue: 4)
  static let sendsMuch = Behaviour(rawValue: 8)
  static let sendsTrailers = Behaviour(rawValue: 16)
  static let leavesOutputWaiting = Behaviour(rawValue: 32)
  static let goesAway = Behaviour(rawValue: 64)
  static let keepsConnection = Behaviour(rawValue: 128)

  var options: HTTP2Options {
    var options = HTTP2Options()
    options.maxHeadersKiB = 1
    options.maxConcurrentStreams = 10
    options.initialStreamWindowSize = 65_535
    options.initialConnectionWindowSize = 65_535
    options.allowConnect = true
    options.maxOutboundFrames = 50
    options.maxOutboundControlFrames = 20
    options.overrideStreamErrorOnInvalidMessage = contains(.keepsConnection)
    return options
  }
}

/// Ends of streams, and what the codec says is open.
private final class Ledger {
  var opened = 0
  var ended = 0
  var active = 0

  func check() {
    guard opened == ended else { fatalError("\(opened) streams began, \(ended) ended") }
    guard active == 0 else { fatalError("\(active) streams are counted as open") }
  }
}

private final class Decoder: StreamDecoder {
  private let ledger: Ledger
  private let behaviour: Behaviour
  var encoder: StreamEncoder?
  var respond: (StreamEncoder) -> Void = { _ in }
  private(set) var isOver = false
  private var ended = false
  private var isAbandoned = false

  init(_ ledger: Ledger, _ behaviour: Behaviour) {
    self.ledger = ledger
    self.behaviour = behaviour
    ledger.opened += 1
  }

  /// The stream's end; there is one.
  func end() {
    if isOver { fatalError("a stream ended twice") }
    isOver = true
    ledger.ended += 1
  }

  /// Nothing may come any more.
  func abandon() {
    end()
    isAbandoned = true
  }

  private func heard(endStream: Bool) {
    if isOver || ended { fatalError("more comes behind the end") }
    ended = endStream
  }

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    heard(endStream: endStream)
    if behaviour.contains(.stopsReading) { encoder?.readDisable(true) }
    if endStream || behaviour.contains(.answersEarly) { act() }
  }

  override func decodeInformational(_ headers: HeaderMap) { heard(endStream: false) }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    heard(endStream: endStream)
    if behaviour.contains(.stopsReading) { encoder?.readDisable(false) }
    if endStream { act() }
  }

  override func decodeTrailers(_ trailers: HeaderMap) {
    heard(endStream: true)
    act()
  }

  override func decodeReset(_ reason: StreamReset) {
    if isAbandoned { fatalError("a stream was told behind the connection's error") }
    if !isOver { end() }
  }

  private func act() {
    guard let encoder, !isOver else { return }
    if behaviour.contains(.resets) { encoder.reset(.localReset) } else { respond(encoder) }
  }
}

private func send(_ encoder: StreamEncoder, _ head: HeaderMap, _ behaviour: Behaviour, _ body: ByteView) {
  encoder.encodeHeaders(head, endStream: false)
  encoder.encodeData(
    behaviour.contains(.sendsMuch) ? body : body.prefix(10), endStream: !behaviour.contains(.sendsTrailers))
  if behaviour.contains(.sendsTrailers) {
    let trailers = HeaderMap()
    trailers.add(.grpcStatus, "0")
    encoder.encodeTrailers(trailers)
  }
}

private func map(_ fields: [(HeaderName, StaticString)]) -> HeaderMap {
  let map = HeaderMap()
  for (name, value) in fields { map.add(name, value) }
  return map
}

private final class Server: ServerCodecDelegate {
  let ledger = Ledger()
  private(set) var codec: HTTP2ServerCodec?
  private let behaviour: Behaviour
  private let transport: Transport
  private let response = map([(.status, "200"), (.server, "fuzz")])
  private let body = [UInt8](repeating: 0x61, count: 70_000)
  private var decoders: [Decoder] = []

  init(_ loop: EventLoop, _ behaviour: Behaviour) {
    self.behaviour = behaviour
    transport = Transport(pool: loop.pool)
    super.init()
    codec = HTTP2ServerCodec(
      transport: transport, delegate: self, loop: loop, pool: HeaderMapPool(), options: behaviour.options)
  }

  /// Between two reads.
  func turn() {
    if !behaviour.contains(.leavesOutputWaiting) { transport.output.removeAll() }
    if behaviour.contains(.goesAway) { codec?.goAway() }
  }

  /// Behind an error of the connection its streams are the delegate's to end.
  func endStreams() { for decoder in decoders where !decoder.isOver { decoder.abandon() } }

  override func newStream(_ encoder: StreamEncoder) -> StreamDecoder {
    let decoder = Decoder(ledger, behaviour)
    decoder.encoder = encoder
    decoder.respond = { [unowned self] encoder in
      body.withUnsafeBufferPointer { send(encoder, response, behaviour, ByteView(UnsafeRawBufferPointer($0))) }
    }
    decoders.append(decoder)
    return decoder
  }

  override func streamComplete(_ decoder: StreamDecoder, reusable: Bool) { (decoder as? Decoder)?.end() }

  override func codecCounts(_ stat: CodecStat, _ amount: Int) { if stat == .streamsActive { ledger.active += amount } }
}

private final class Client: ClientCodecDelegate {
  let ledger = Ledger()
  private(set) var codec: HTTP2ClientCodec?
  private let behaviour: Behaviour
  private let transport: Transport
  private var decoders: [Decoder] = []

  init(_ loop: EventLoop, _ behaviour: Behaviour) {
    self.behaviour = behaviour
    transport = Transport(pool: loop.pool)
    super.init()
    codec = HTTP2ClientCodec(
      transport: transport, delegate: self, loop: loop, pool: HeaderMapPool(), options: behaviour.options)
  }

  func turn() {
    if !behaviour.contains(.leavesOutputWaiting) { transport.output.removeAll() }
    if behaviour.contains(.goesAway) { codec?.goAway() }
  }

  func request(_ method: StaticString, endStream: Bool) {
    guard let codec else { return }
    let decoder = Decoder(ledger, behaviour)
    decoders.append(decoder)
    let encoder = codec.newStream(decoder).object
    decoder.encoder = encoder
    encoder.encodeHeaders(map([(.method, method), (.path, "/"), (.authority, "h")]), endStream: endStream)
    if !endStream { encoder.encodeData(ByteView("body"), endStream: false) }
    decoder.respond = { if !endStream { $0.encodeData(ByteView("more"), endStream: true) } }
  }

  override func streamComplete(_ decoder: StreamDecoder, _ end: ClientStreamEnd) { (decoder as? Decoder)?.end() }

  override func codecCounts(_ stat: CodecStat, _ amount: Int) { if stat == .streamsActive { ledger.active += amount } }
}
