import HTTP
import Testing

/// Peers that send much for little (Envoy's limits and counters).
@Suite struct HTTP2FloodTests {
  static func repeated(_ frame: [UInt8], _ count: Int) -> [UInt8] {
    Array(repeatElement(frame, count: count).joined())
  }

  static let openPost = Frames.headers(1, Frames.get, Frames.endHeaders)

  @Test(arguments: [
    (openPost + repeated(Frames.data(1, ""), 2), "inboundEmptyFramesFlood"),
    (openPost + repeated(Frames.frame(0, Frames.padded, 1, [2, 0, 0]), 2), "inboundEmptyFramesFlood"),
    (Frames.frame(1, 0, 1) + Frames.frame(9, 0, 1), "inboundEmptyFramesFlood"),
    (repeated(Frames.priority(1), 101), "inboundPriorityFramesFlood"),
    (repeated(Frames.windowUpdate(0, 1), 6), "inboundWindowUpdateFramesFlood"),
    (repeated(Frames.ping(), 1002), "outboundControlFlood"),
    (repeated(Frames.settings(), 1002), "outboundControlFlood"),
  ]) func floodsEndTheConnection(bytes: [UInt8], counter: String) throws {
    let (server, _) = try HTTP2RequestTests.answer(bytes)
    #expect(server.error?.isFlood == true)
    #expect(server.counts[counter] == 1)
  }

  @Test(arguments: [
    openPost + Frames.data(1, "") + Frames.data(1, "x") + Frames.data(1, "") + Frames.data(1, "", Frames.endStream),
    repeated(Frames.priority(1), 100), repeated(Frames.windowUpdate(0, 1), 5), repeated(Frames.ping(), 900),
  ]) func belowTheLimitsNothingHappens(bytes: [UInt8]) throws {
    let (server, _) = try HTTP2RequestTests.answer(bytes)
    #expect(server.error == nil)
  }

  /// A client that pings for ever and reads: no flood; one that never reads: a flood.
  @Test func answersThatNobodyReads() throws {
    let (reading, _) = try HTTP2RequestTests.answer([])
    for _ in 0..<50 {
      reading.feed(Self.repeated(Frames.ping(), 100))
      _ = reading.transport.takeBytes()
    }
    #expect(reading.error == nil)
    let (deaf, _) = try HTTP2RequestTests.answer([])
    for _ in 0..<50 { deaf.feed(Self.repeated(Frames.ping(), 100)) }
    #expect(deaf.counts["outboundControlFlood"] == 1)
  }

  @Test func framesThatNobodyReads() throws {
    var options = HTTP2Options()
    options.maxOutboundFrames = 100
    let (server, _) = try HTTP2RequestTests.answer([], options)
    var id: UInt32 = 1
    while server.error == nil, id < 1000 {
      server.feed(Frames.headers(id))
      id += 2
    }
    #expect(server.counts["outboundFlood"] == 1)
    #expect(id < 210)
  }

  /// A stream of small messages to a client that neither reads nor sends.
  @Test func framesThatNobodyReadsNorAsksFor() throws {
    var options = HTTP2Options()
    options.maxOutboundFrames = 100
    let server = try HTTP2Server(options)
    server.feed(Frames.preface + Frames.headers(1))
    server.respond(0, body: "x", trailers: nil)
    server.feed(Frames.headers(3))
    server.encoders[1].encodeHeaders(HeaderMap(":status: 200"), endStream: false)
    for _ in 0..<200 { server.encoders[1].send("x", endStream: false) }
    server.loop.turn(waiting: false)
    #expect(server.error?.isFlood == true)
    #expect(server.counts["outboundFlood"] == 1)
  }

  @Test func continuationsWithoutEnd() throws {
    let piece = Frames.continuation(1, "a: " + String(repeating: "x", count: 100))
    let (server, _) = try HTTP2RequestTests.answer(Frames.headers(1, Frames.get, 0) + Self.repeated(piece, 5000))
    #expect(server.error != nil)
  }

  @Test func rapidResetsLeaveNothingBehind() throws {
    let server = try HTTP2Server()
    server.feed(Frames.preface)
    for index in 0..<5000 {
      let id = UInt32(2 * index + 1)
      server.feed(Frames.headers(id) + Frames.reset(id, 8))
      _ = server.transport.takeBytes()
    }
    #expect(server.error == nil)
    #expect(server.counts["streamsActive"] == 0)
    #expect(server.counts["rxReset"] == 5000)
    #expect(server.trace(4999).last == "reset remote reset")
  }
}
