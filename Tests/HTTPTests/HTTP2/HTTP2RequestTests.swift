import HTTP
import Testing

/// Requests as frames: what is wrong with them, and what becomes of stream and connection. Facts: Envoy 1.40.0
/// (docs/envoy-observed.md, "HTTP/2"); where that closes without a word, the GOAWAY is what RFC 9113 asks for.
@Suite struct HTTP2RequestTests {
  /// Feeds a connection that has begun; returns the frames that come back.
  static func answer(_ bytes: [UInt8], _ options: HTTP2Options = HTTP2Options()) throws -> (HTTP2Server, [String]) {
    let server = try HTTP2Server(options)
    server.onRequest = { server, index in server.respond(index) }
    server.feed(Frames.preface)
    _ = server.transport.takeBytes()
    server.feed(bytes)
    return (server, Frames.describe(server.transport.takeBytes()))
  }

  static let wrongFields = [
    "X-Up: 1", "a b: c", "connection: close", "keep-alive: 1", "proxy-connection: x", "transfer-encoding: chunked",
    "upgrade: x", "te: gzip", ":path: /", ":foo: bar", ":status: 200", "content-length: x", "a: b\u{1}",
    "content-length: 1\ncontent-length: 1", ":protocol: websocket",
  ]

  @Test(arguments: wrongFields) func wrongFieldEndsTheConnection(field: String) throws {
    let (server, frames) = try Self.answer(Frames.headers(1, Frames.get + "\n" + field))
    #expect(frames == ["GOAWAY 1 1"])
    #expect(server.error?.detail.description == "http2.invalid.header.field")
    #expect(server.counts["rxMessagingError"] == 1)
    #expect(server.encoders[0].details.description == "http2.invalid.header.field")
    #expect(server.trace(0).isEmpty)
  }

  @Test(arguments: ["a:  b", "a: b ", "a: \t", "cookie: a=b; "])
  func whiteSpaceAroundAValueEndsItsStreamAlone(field: String) throws {
    let bytes = Frames.headers(1, Frames.get + "\n" + field) + Frames.headers(3)
    let (server, frames) = try Self.answer(bytes)
    #expect(frames == ["RST_STREAM 1 1", "HEADERS 3 end"])
    #expect(server.error == nil)
    #expect(server.trace(0) == ["reset protocol error"])
    #expect(server.encoders[0].details.description == "http2.invalid.header.field")
    #expect(server.counts["rxMessagingError"] == 1)
  }

  static let wrongHeads = [
    ":scheme: http\n:authority: h\n:path: /", ":method: GET\n:authority: h\n:path: /",
    ":method: GET\n:scheme: http\n:path: /",
    ":method: GET\n:scheme: http\n:authority: h", ":method: GET\n:scheme: http\n:authority: h\n:path: x",
    ":method: GET\n:scheme: http\n:authority: h\n:path: *", ":method: CONNECT\n:scheme: http\n:authority: h\n:path: /",
    ":method: GET\n:scheme: http\n:authority: h\n:path: /\ncontent-length: 3",
  ]

  @Test(arguments: wrongHeads) func wrongHeadEndsTheConnection(head: String) throws {
    let (server, frames) = try Self.answer(Frames.headers(1, head))
    #expect(frames == ["GOAWAY 1 1"])
    #expect(server.error?.detail.description == "http2.violation.of.messaging.rule")
    #expect(server.counts["rxMessagingError"] == 1)
  }

  @Test(arguments: [wrongFields[0], wrongFields[2], wrongFields[8]])
  func wrongMessageCanEndItsStreamAlone(field: String) throws {
    var options = HTTP2Options()
    options.overrideStreamErrorOnInvalidMessage = true
    let bytes = Frames.headers(1, Frames.get + "\n" + field) + Frames.headers(3)
    let (server, frames) = try Self.answer(bytes, options)
    #expect(frames == ["RST_STREAM 1 1", "HEADERS 3 end"])
    #expect(server.error == nil)
    #expect(server.trace(0) == ["reset protocol error"])
    #expect(server.counts["txReset"] == 1)
    #expect(server.counts["streamsActive"] == 0)
  }

  @Test(arguments: [
    (":method: foo\n:scheme: http\n:authority: h\n:path: /", ":method: foo|:scheme: http|:authority: h|:path: /"),
    (":method: GET\n:scheme: ftp\n:authority: h\n:path: /", ":method: GET|:scheme: ftp|:authority: h|:path: /"),
    (":method: GET\n:scheme: http\n:path: /\nhost: x", ":method: GET|:scheme: http|:path: /|:authority: x"),
    (Frames.get + "\nhost: x\na_b: c", ":method: GET|:scheme: http|:authority: h|:path: /|a_b: c"),
    (
      Frames.get + "\ncookie: a=1\nx: y\ncookie: b=2\ncookie: c=3",
      ":method: GET|:scheme: http|:authority: h|:path: /|x: y|cookie: a=1; b=2; c=3"
    ),
    (
      ":method: OPTIONS\n:scheme: http\n:authority: h\n:path: *",
      ":method: OPTIONS|:scheme: http|:authority: h|:path: *"
    ),
    (Frames.get + "\nte: trailers", ":method: GET|:scheme: http|:authority: h|:path: /|te: trailers"),
  ]) func accepts(head: String, expected: String) throws {
    let (server, frames) = try Self.answer(Frames.headers(1, head))
    #expect(server.trace(0) == ["headers " + expected, "end"])
    #expect(frames == ["HEADERS 1 end"])
  }

  @Test func extendedConnectWhereItIsAllowed() throws {
    var options = HTTP2Options()
    options.allowConnect = true
    let head = ":method: CONNECT\n:protocol: websocket\n:scheme: http\n:authority: h\n:path: /chat"
    let (server, frames) = try Self.answer(
      Frames.headers(1, head, Frames.endHeaders) + Frames.data(1, "abc"), options)
    #expect(frames.isEmpty)
    #expect(
      server.trace(0) == [
        "headers :method: GET|:scheme: http|:authority: h|:path: /chat|upgrade: websocket|connection: upgrade",
        "data abc",
      ])
  }

  @Test func tooManyHeadersResetTheStream() throws {
    let fields = (0..<97).map { "a\($0): b" }.joined(separator: "\n")
    let (server, frames) = try Self.answer(Frames.headers(1, Frames.get + "\n" + fields) + Frames.headers(3))
    #expect(frames == ["RST_STREAM 1 2", "HEADERS 3 end"])
    #expect(server.counts["headerOverflow"] == 1)
    #expect(server.trace(0) == ["reset remote reset"])
    #expect(server.encoders[0].details.description == "http2.too_many_headers")
  }

  @Test func tooLargeHeadersResetTheStream() throws {
    var options = HTTP2Options()
    options.maxHeadersKiB = 1
    let fields = "a: " + String(repeating: "x", count: 1000)
    let (server, frames) = try Self.answer(Frames.headers(1, Frames.get + "\n" + fields), options)
    #expect(frames == ["RST_STREAM 1 2"])
    #expect(server.counts["headerListSizeTooLarge"] == 1)
    #expect(server.encoders[0].details.description == "http2.header_list_size_too_large")
  }

  /// One entry of the compression's table, named again and again.
  @Test func headerBombsAreBounded() throws {
    let entry: [UInt8] = [0x40, 1, 0x61, 0x7f, 0x81, 0x1e] + Array(repeating: 0x62, count: 4000)
    let bomb = Frames.block(Frames.get) + entry + Array(repeating: 0xbe, count: 10_000)
    let (server, frames) = try Self.answer(Frames.frame(1, Frames.endHeaders | Frames.endStream, 1, bomb))
    #expect(frames == ["RST_STREAM 1 2"])
    #expect(server.error == nil)
  }

  @Test func cookieCrumbsAreBounded() throws {
    let crumbs = Frames.block("cookie: a") + Array(repeating: [0x0f, 0x11, 1, 0x62], count: 4000).flatMap { $0 }
    let (server, frames) = try Self.answer(
      Frames.frame(1, Frames.endHeaders | Frames.endStream, 1, Frames.block(Frames.get) + crumbs))
    #expect(frames == ["HEADERS 1 end"])
    #expect(server.trace(0)[0].count > 12_000)
  }

  @Test(arguments: [("abc", "5"), ("abc", "1")]) func lengthsThatDoNotFit(body: String, length: String) throws {
    let head = Frames.get + "\ncontent-length: " + length
    let (server, frames) = try Self.answer(
      Frames.headers(1, head, Frames.endHeaders) + Frames.data(1, body, Frames.endStream) + Frames.headers(3))
    #expect(frames == ["RST_STREAM 1 1", "HEADERS 3 end"])
    #expect(server.trace(0).last == "reset protocol error")
    #expect(server.encoders[0].details.description == "http2.remote_reset")
  }

  @Test func underscores() throws {
    var options = HTTP2Options()
    options.underscores = .dropHeader
    let (dropping, _) = try Self.answer(Frames.headers(1, Frames.get + "\na_b: c"), options)
    #expect(dropping.trace(0).first == "headers :method: GET|:scheme: http|:authority: h|:path: /")
    #expect(dropping.counts["droppedHeadersWithUnderscores"] == 1)
    options.underscores = .rejectRequest
    let (rejecting, frames) = try Self.answer(Frames.headers(1, Frames.get + "\na_b: c"), options)
    #expect(frames == ["RST_STREAM 1 2"])
    #expect(rejecting.counts["requestsRejectedWithUnderscoresInHeaders"] == 1)
    #expect(rejecting.encoders[0].details.description == "http2.unexpected_underscore")
  }

  @Test func trailersThatAreWrong() throws {
    let head = Frames.headers(1, Frames.get, Frames.endHeaders)
    let (server, frames) = try Self.answer(head + Frames.headers(1, ":path: /"))
    #expect(frames == ["GOAWAY 1 1"])
    #expect(server.error?.detail.description == "http2.invalid.header.field")
    let (open, moreFrames) = try Self.answer(head + Frames.headers(1, "t: 1", Frames.endHeaders))
    #expect(moreFrames == ["GOAWAY 1 1"])
    #expect(open.error?.detail.description == "http2.violation.of.messaging.rule")
  }

  /// GOAWAY codes of RFC 9113 §7: 1 PROTOCOL_ERROR, 3 FLOW_CONTROL_ERROR, 5 STREAM_CLOSED, 6 FRAME_SIZE_ERROR,
  /// 9 COMPRESSION_ERROR, 11 ENHANCE_YOUR_CALM.
  static let wrongFrames: [([UInt8], String)] = [
    (Frames.data(1, "x"), "GOAWAY 0 1"),
    (Frames.data(0, "x"), "GOAWAY 0 1"),
    (Frames.headers(0), "GOAWAY 0 1"),
    (Frames.headers(2), "GOAWAY 0 1"),
    (Frames.headers(1, Frames.get, Frames.endHeaders) + Frames.windowUpdate(0, 0), "GOAWAY 1 1"),
    (Frames.windowUpdate(0, 0x7fff_ffff), "GOAWAY 0 3"),
    (Frames.windowUpdate(3, 1), "GOAWAY 0 1"),
    (Frames.reset(1, 8), "GOAWAY 0 1"),
    (Frames.reset(0, 8), "GOAWAY 0 1"),
    (Frames.frame(6, 0, 0, [1]), "GOAWAY 0 6"),
    (Frames.frame(6, 0, 1, Array(repeating: 0, count: 8)), "GOAWAY 0 1"),
    (Frames.frame(4, 0, 0, [1]), "GOAWAY 0 6"),
    (Frames.frame(4, 1, 0, [0, 0, 0, 0, 0, 0]), "GOAWAY 0 6"),
    (Frames.settings([(4, 0x8000_0000)]), "GOAWAY 0 3"),
    (Frames.settings([(5, 100)]), "GOAWAY 0 1"),
    (Frames.settings([(2, 2)]), "GOAWAY 0 1"),
    (Frames.settings(Array(repeating: (9, 1), count: 40)), "GOAWAY 0 11"),
    ([1, 0, 0, 0, 0, 0, 0, 0, 1], "GOAWAY 0 6"),
    (Frames.continuation(1, "a: b"), "GOAWAY 0 1"),
    (Frames.headers(1, Frames.get, 0) + Frames.ping(), "GOAWAY 1 1"),
    (Frames.frame(0, Frames.padded, 1, [9]), "GOAWAY 0 1"),
    (Frames.frame(1, Frames.endHeaders, 1, [0xff]), "GOAWAY 1 9"),
    (Frames.frame(5, Frames.endHeaders, 1, [0, 0, 0, 2, 0x82]), "GOAWAY 0 1"),
  ]

  @Test(arguments: wrongFrames) func wrongFramesEndTheConnection(bytes: [UInt8], goAway: String) throws {
    let (server, frames) = try Self.answer(bytes)
    #expect(frames.last == goAway)
    #expect(server.error != nil)
    #expect(server.error?.isFlood == false)
  }

  /// The delegate ends the streams of a connection that broke the protocol: they may be gone when it closes.
  @Test func streamsHearNothingBehindAnError() throws {
    let (server, _) = try Self.answer(Frames.headers(1, Frames.get, Frames.endHeaders) + Frames.headers(2))
    #expect(server.error != nil)
    try server.codec?.endOfInput()
    #expect(server.trace(0) == ["headers :method: GET|:scheme: http|:authority: h|:path: /"])
    #expect(server.counts["streamsActive"] == 0)
  }

  @Test(arguments: [
    (Frames.headers(1) + Frames.headers(1), "GOAWAY 1 5"),
    (Frames.headers(5) + Frames.headers(3), "GOAWAY 5 1"),
  ]) func framesForStreamsThatTheClientEnded(bytes: [UInt8], goAway: String) throws {
    // Frame by frame, so that the response is sent between.
    let server = try HTTP2Server()
    server.onRequest = { server, index in server.respond(index) }
    server.feed(Frames.preface)
    for frame in Frames.split(bytes) { server.feed(frame) }
    #expect(Frames.describe(server.transport.takeBytes()).last == goAway)
    #expect(server.error != nil)
  }

  @Test func framesThatCrossAReset() throws {
    let server = try HTTP2Server()
    server.feed(Frames.preface)
    server.feed(Frames.headers(1, Frames.get, Frames.endHeaders))
    server.encoders[0].reset(.localReset)
    server.feed(Frames.headers(3, Frames.get, Frames.endHeaders) + Frames.reset(3, 8))
    _ = server.transport.takeBytes()
    server.feed(Frames.data(1, "late") + Frames.headers(1, "t: u"))
    #expect(Frames.describe(server.transport.takeBytes()).isEmpty)
    server.feed(Frames.data(3, "late") + Frames.headers(3, "t: u"))
    #expect(Frames.describe(server.transport.takeBytes()) == ["RST_STREAM 3 5"])
    #expect(server.error == nil)
  }

  @Test func streamsBeyondTheLimitAreRefused() throws {
    var options = HTTP2Options()
    options.maxConcurrentStreams = 2
    let server = try HTTP2Server(options)
    server.feed(Frames.preface)
    _ = server.transport.takeBytes()
    server.feed([1, 3, 5].flatMap { Frames.headers($0) })
    #expect(Frames.describe(server.transport.takeBytes()) == ["RST_STREAM 5 7"])
    #expect(server.counts["streamRefusedErrors"] == 1)
    #expect(server.streams.count == 2)
  }

  @Test func aPrefaceThatIsNone() throws {
    let server = try HTTP2Server()
    server.feed(Array("GET / HTTP/1.1\r\nhost: h\r\n\r\n".utf8))
    #expect(server.error != nil)
    #expect(server.streams.isEmpty)
  }
}
