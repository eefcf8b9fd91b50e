import HTTP
import Reactor
import Testing

/// The upstream side: what hosts do to a request, as frames (docs/envoy-observed.md, "Who ends a stream").
@Suite struct HTTP2ResponseTests {
  /// A client whose request is on stream 1, behind the server's SETTINGS.
  static func asked(
    _ options: HTTP2Options = HTTP2Options(), head: String = Frames.get, endStream: Bool = true
  ) throws -> HTTP2Client {
    let client = try HTTP2Client(options)
    client.feed(Frames.settings())
    client.request(head, endStream: endStream)
    _ = client.transport.takeBytes()
    return client
  }

  static func sent(by client: HTTP2Client) -> [String] { Frames.describe(client.transport.takeBytes()) }

  @Test(arguments: [
    (1, "reset protocol error"), (7, "reset remote refused stream reset"),
    (10, "reset remote error with CONNECT request"),
    (0, "reset remote reset"), (8, "reset remote reset"), (2, "reset remote reset"),
  ]) func resetsOfTheHost(code: UInt32, expected: String) throws {
    let client = try Self.asked()
    client.feed(Frames.reset(1, code))
    #expect(client.trace(0) == [expected])
    #expect(client.completed == [0])
    #expect(client.counts["rxReset"] == 1)
    #expect(client.counts["streamsActive"] == 0)
    #expect(client.error == nil)
  }

  @Test func resetBehindTheHead() throws {
    let client = try Self.asked()
    client.feed(Frames.headers(1, ":status: 200", Frames.endHeaders) + Frames.data(1, "ab") + Frames.reset(1, 2))
    #expect(client.trace(0) == ["headers :status: 200", "data ab", "reset remote reset"])
  }

  @Test(arguments: ["a: b", ":status: 101", ":status: x", ":status: 200\nX-A: b", ":status: 200\nconnection: close"])
  func headsThatAreWrong(head: String) throws {
    let client = try Self.asked()
    client.feed(Frames.headers(1, head))
    #expect(client.error != nil)
    #expect(client.counts["rxMessagingError"] == 1)
    #expect(Self.sent(by: client).last == "GOAWAY 0 1")
    client.codec?.connectionClosed(.protocolError)
    #expect(client.trace(0) == ["reset protocol error"])
    #expect(client.completed.isEmpty)
  }

  @Test func tooManyHeaders() throws {
    let client = try Self.asked()
    let fields = (0..<120).map { "a\($0): b" }.joined(separator: "\n")
    client.feed(Frames.headers(1, ":status: 200\n" + fields))
    #expect(client.trace(0) == ["reset remote reset"])
    #expect(client.counts["headerOverflow"] == 1)
    #expect(Self.sent(by: client) == ["RST_STREAM 1 2"])
    #expect(client.error == nil)
  }

  @Test func aBodyThatIsShorterThanItsLength() throws {
    let client = try Self.asked()
    client.feed(Frames.headers(1, ":status: 200\ncontent-length: 5", Frames.endHeaders))
    client.feed(Frames.data(1, "abc", Frames.endStream))
    #expect(client.trace(0).last == "reset protocol error")
    #expect(Self.sent(by: client) == ["RST_STREAM 1 1"])
    #expect(client.error == nil)
  }

  @Test func goAwayRefusesWhatTheHostDidNotSee() throws {
    let client = try Self.asked()
    client.request()
    client.feed(Frames.goAway(1))
    #expect(client.goAways == 1)
    #expect(client.trace(1) == ["reset remote refused stream reset"])
    client.feed(Frames.headers(1, ":status: 200"))
    #expect(client.trace(0) == ["headers :status: 200", "end"])
    #expect(client.completed == [1, 0])
  }

  @Test func limitsOfBothSides() throws {
    var options = HTTP2Options()
    options.maxConcurrentStreams = 10
    let client = try HTTP2Client(options)
    client.feed(Frames.settings([(3, 4)]))
    client.feed(Frames.settings([(3, 100)]))
    #expect(client.limits == [4, 10])
  }

  /// nghttp2 holds such a request back, and must have its own copy by then.
  @Test func requestsBeyondTheLimitWait() throws {
    let client = try HTTP2Client()
    client.feed(Frames.settings([(3, 1)]))
    client.request()
    client.request(":method: GET\n:scheme: http\n:authority: waits\n:path: /")
    #expect(Self.sent(by: client).filter { $0.hasPrefix("HEADERS") } == ["HEADERS 1 end"])
    client.feed(Frames.headers(1, ":status: 200"))
    #expect(Self.sent(by: client) == ["HEADERS 3 end"])
    client.feed(Frames.headers(3, ":status: 204"))
    #expect(client.trace(1) == ["headers :status: 204", "end"])
  }

  @Test func resetFromOurSide() throws {
    let client = try Self.asked()
    client.encoders[0].reset(.localReset)
    #expect(Self.sent(by: client) == ["RST_STREAM 1 2"])
    #expect(client.completed == [0])
    client.feed(Frames.headers(1, ":status: 200"))
    #expect(client.trace(0).isEmpty)
    #expect(client.counts["txReset"] == 1)
  }

  /// Who does not read is sent no more than a window; the connection goes on for others.
  @Test func windowsAreCreditedAsTheReaderTakes() throws {
    var options = HTTP2Options()
    options.initialStreamWindowSize = 65_535
    let client = try Self.asked(options)
    client.request()
    _ = client.transport.takeBytes()
    client.encoders[0].readDisable(true)
    let piece = Frames.data(1, String(repeating: "x", count: 16_000))
    client.feed(Frames.headers(1, ":status: 200", Frames.endHeaders) + piece + piece + piece)
    #expect(!Self.sent(by: client).contains { $0.hasPrefix("WINDOW_UPDATE 1") })
    client.encoders[0].readDisable(false)
    #expect(Self.sent(by: client) == ["WINDOW_UPDATE 1 48000"])
    let other = Frames.data(3, String(repeating: "x", count: 16_000))
    client.feed(Frames.headers(3, ":status: 200", Frames.endHeaders) + other + other + other)
    #expect(Self.sent(by: client).contains { $0.hasPrefix("WINDOW_UPDATE 3") })
  }

  @Test func streamsWaitForTheConnectionsOutput() throws {
    let client = try Self.asked(head: Frames.get, endStream: false)
    client.codec?.aboveWriteBufferHighWatermark()
    client.request()
    client.codec?.belowWriteBufferLowWatermark()
    #expect(client.trace(0) == ["above", "below"])
    #expect(client.trace(1) == ["above", "below"])
  }

  @Test func pingsAreSentAndMissed() throws {
    var options = HTTP2Options()
    options.keepalive = HTTP2Keepalive(interval: 1_000_000_000, timeout: 500_000_000)
    options.keepalive?.intervalJitter = 0
    let client = try Self.asked(options)
    client.advance(milliseconds: 1001)
    #expect(Self.sent(by: client) == ["PING"])
    client.feed(Frames.frame(6, Frames.ack, 0, Array(repeating: 0, count: 8)))
    client.advance(milliseconds: 600)
    #expect(client.keepaliveTimeouts == 0)
    client.advance(milliseconds: 500)
    #expect(Self.sent(by: client) == ["PING"])
    client.advance(milliseconds: 501)
    #expect(client.keepaliveTimeouts == 1)
    #expect(client.counts["keepaliveTimeout"] == 1)
  }

  @Test func aStreamThatFollowsASilenceIsPrecededByAPing() throws {
    var options = HTTP2Options()
    options.keepalive = HTTP2Keepalive(interval: 0, timeout: 500_000_000)
    options.keepalive?.connectionIdleInterval = 2_000_000_000
    let client = try Self.asked(options)
    client.advance(milliseconds: 1000)
    client.request()
    #expect(Self.sent(by: client) == ["HEADERS 3 end"])
    client.advance(milliseconds: 2000)
    client.request()
    #expect(Self.sent(by: client) == ["PING", "HEADERS 5 end"])
  }

  /// A peer whose window stays shut cannot keep a message that is whole for ever.
  @Test func whatFindsNoWindowIsGivenUp() throws {
    var options = HTTP2Options()
    options.streamFlushTimeout = 1_000_000_000
    let client = try HTTP2Client(options)
    client.feed(Frames.settings([(4, 0)]))
    let index = client.request(Frames.get, endStream: false)
    client.encoders[index].send("waits", endStream: true)
    _ = client.transport.takeBytes()
    client.advance(milliseconds: 900)
    #expect(client.trace(index).isEmpty)
    client.advance(milliseconds: 200)
    #expect(client.trace(index) == ["reset local reset"])
    #expect(Self.sent(by: client) == ["RST_STREAM 1 2"])
    #expect(client.counts["txFlushTimeout"] == 1)
  }
}
