import HTTP
import Testing

/// Whole messages between our two codecs.
@Suite struct HTTP2ExchangeTests {
  @Test(arguments: [Int.max, 1, 7]) func requestAndResponse(pieceLength: Int) throws {
    let pair = try HTTP2Pair()
    pair.server.onRequest = { server, index in server.respond(index, ":status: 200\nx: y", body: "hello") }
    pair.client.request(":method: GET\n:scheme: http\n:authority: h\n:path: /a\nx-b: c\nvia: 1\nvia: 2")
    pair.exchange(pieceLength: pieceLength)
    #expect(
      pair.server.trace(0) == [
        "headers :method: GET|:scheme: http|:authority: h|:path: /a|x-b: c|via: 1,2", "end",
      ])
    #expect(pair.client.trace(0) == ["headers :status: 200|x: y", "data hello", "end"])
    #expect(pair.server.completed == [0])
    #expect(pair.client.completed == [0])
    #expect(pair.server.counts["streamsActive"] == 0)
    #expect(pair.client.counts["streamsActive"] == 0)
  }

  @Test func bodiesAndTrailersBothWays() throws {
    let pair = try HTTP2Pair()
    pair.server.onRequest = { server, index in
      server.respond(index, body: "answer", trailers: "grpc-status: 0\ngrpc-message: fine")
    }
    let index = pair.client.request(":method: POST\n:scheme: http\n:authority: h\n:path: /a", endStream: false)
    pair.client.encoders[index].send("one ", endStream: false)
    pair.client.encoders[index].send("two", endStream: false)
    pair.client.encoders[index].encodeTrailers(HeaderMap("t: u"))
    pair.exchange()
    #expect(
      pair.server.trace(0) == [
        "headers :method: POST|:scheme: http|:authority: h|:path: /a", "data one two", "trailers t: u", "end",
      ])
    #expect(
      pair.client.trace(0) == [
        "headers :status: 200", "data answer", "trailers grpc-status: 0|grpc-message: fine", "end",
      ])
    #expect(pair.server.completed == [0])
    #expect(pair.client.completed == [0])
  }

  @Test func trailersOnly() throws {
    let pair = try HTTP2Pair()
    pair.server.onRequest = { server, index in server.respond(index, ":status: 200\ngrpc-status: 5") }
    pair.client.request()
    pair.exchange()
    #expect(pair.client.trace(0) == ["headers :status: 200|grpc-status: 5", "end"])
  }

  @Test func informationalBeforeTheHead() throws {
    let pair = try HTTP2Pair()
    pair.server.onRequest = { server, index in
      server.encoders[index].encodeInformational(HeaderMap(":status: 103\nlink: x"))
      server.respond(index)
    }
    pair.client.request()
    pair.exchange()
    #expect(
      pair.client.trace(0) == ["informational :status: 103|link: x", "headers :status: 200", "end"])
  }

  @Test func manyStreamsAtOnce() throws {
    let pair = try HTTP2Pair()
    let bodies = (0..<200).map { String(repeating: "\($0) ", count: 1 + $0 * 7) }
    pair.server.onRequest = { server, index in server.respond(index, body: bodies[index]) }
    for _ in bodies { pair.client.request() }
    pair.exchange(pieceLength: 1000)
    for index in bodies.indices {
      #expect(pair.client.trace(index) == ["headers :status: 200", "data " + bodies[index], "end"])
    }
    #expect(pair.client.completed.count == 200)
    #expect(pair.server.completed.count == 200)
  }

  /// Streams are used again: nothing of one may be left for the next.
  @Test func oneStreamAfterTheOther() throws {
    let pair = try HTTP2Pair()
    pair.server.onRequest = { server, index in server.respond(index, ":status: 200", body: "b", trailers: "t: u") }
    for index in 0..<1000 {
      pair.client.request(
        ":method: GET\n:scheme: http\n:authority: h\n:path: /\na: " + String(repeating: "x", count: 90))
      pair.exchange()
      #expect(pair.client.trace(index) == ["headers :status: 200", "data b", "trailers t: u", "end"])
    }
    #expect(pair.server.completed.count == 1000)
  }

  @Test func bodiesLargerThanAllWindows() throws {
    var options = HTTP2Options()
    options.initialStreamWindowSize = 65_535
    options.initialConnectionWindowSize = 65_535
    let pair = try HTTP2Pair(client: options, server: options)
    let body = String(repeating: "0123456789abcdef", count: 50_000)
    pair.server.onRequest = { server, index in server.respond(index, body: body, trailers: "a: b") }
    let first = pair.client.request(":method: POST\n:scheme: http\n:authority: h\n:path: /", endStream: false)
    let second = pair.client.request(":method: POST\n:scheme: http\n:authority: h\n:path: /", endStream: false)
    pair.client.encoders[first].send(body, endStream: true)
    pair.client.encoders[second].send(body, endStream: true)
    pair.exchange()
    for index in 0..<2 {
      let request = pair.server.trace(index)
      let response = pair.client.trace(index)
      #expect(request.contains("data " + body) && request.contains("end"))
      #expect(response.contains("data " + body))
      #expect(response.suffix(2) == ["trailers a: b", "end"])
      // Each side was told to hold back, and to go on.
      #expect(request.contains("above") && request.contains("below"))
      #expect(response.contains("above") && response.contains("below"))
    }
  }

  @Test func emptyTrailersEndTheMessage() throws {
    let pair = try HTTP2Pair()
    pair.server.onRequest = { server, index in
      server.encoders[index].encodeHeaders(HeaderMap(":status: 200"), endStream: false)
      server.encoders[index].send("x", endStream: false)
      server.encoders[index].encodeTrailers(HeaderMap(""))
    }
    pair.client.request()
    pair.exchange()
    #expect(pair.client.trace(0) == ["headers :status: 200", "data x", "end"])
  }

  @Test func headAnswersHaveNoBody() throws {
    let pair = try HTTP2Pair()
    pair.server.onRequest = { server, index in server.respond(index, ":status: 200\ncontent-length: 5", body: "hello") }
    pair.client.request(":method: HEAD\n:scheme: http\n:authority: h\n:path: /")
    pair.exchange()
    #expect(pair.client.trace(0) == ["headers :status: 200|content-length: 5", "end"])
    #expect(pair.server.completed == [0])
  }

  @Test func connectionHeadersStayOutside() throws {
    let pair = try HTTP2Pair()
    pair.client.request(
      ":method: GET\n:authority: h\n:path: /\nconnection: close\nkeep-alive: 1\ntransfer-encoding: chunked\nte: gzip\na: b"
    )
    pair.exchange()
    #expect(
      pair.server.trace(0) == ["headers :method: GET|:scheme: http|:authority: h|:path: /|a: b", "end"])
  }

  @Test func responseBeforeTheRequestIsWhole() throws {
    let pair = try HTTP2Pair()
    let index = pair.client.request(":method: POST\n:scheme: http\n:authority: h\n:path: /", endStream: false)
    pair.exchange()
    pair.server.respond(0, body: "early")
    pair.exchange()
    #expect(pair.client.trace(index) == ["headers :status: 200", "data early", "end"])
    #expect(pair.server.completed == [0])
    #expect(pair.client.completed == [0])
    #expect(pair.client.counts["streamsActive"] == 0)
    #expect(pair.server.counts["streamsActive"] == 0)
  }
}
