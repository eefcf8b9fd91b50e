import HTTP
import Testing

/// How responses are written, byte for byte as Envoy does.
@Suite struct ServerResponseTests {
  struct Row: Sendable {
    let method: String
    let headers: String
    var body: String?
    let bytes: String

    init(_ method: String, _ headers: String, body: String? = nil, _ bytes: String) {
      self.method = method
      self.headers = headers
      self.body = body
      self.bytes = bytes
    }
  }

  static let rows = [
    Row("GET", ":status: 200\na: b\nx-y: z", "200 OK\r\na: b\r\nx-y: z\r\ncontent-length: 0\r\n\r\n"),
    Row("GET", ":status: 200\ncontent-length: 2\na: b", body: "ok", "200 OK\r\ncontent-length: 2\r\na: b\r\n\r\nok"),
    Row(
      "GET", ":status: 404\na: b", body: "no",
      "404 Not Found\r\na: b\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"),
    Row("GET", ":status: 200\na: b", body: "", "200 OK\r\na: b\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    Row("GET", ":status: 418", "418 Unknown\r\ncontent-length: 0\r\n\r\n"),
    Row("GET", ":status: 413", "413 Payload Too Large\r\ncontent-length: 0\r\n\r\n"),
    Row("GET", ":status: 200\ntransfer-encoding: gzip", "200 OK\r\ncontent-length: 0\r\n\r\n"),
    Row("GET", ":status: 204\ncontent-length: 0\na: b", "204 No Content\r\na: b\r\n\r\n"),
    Row("GET", ":status: 204", body: "dropped", "204 No Content\r\n\r\n"),
    Row("GET", ":status: 304\ncontent-length: 5", "304 Not Modified\r\ncontent-length: 5\r\n\r\n"),
    Row("GET", ":status: 304", "304 Not Modified\r\n\r\n"),
    Row("HEAD", ":status: 200", "200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
    Row("HEAD", ":status: 200\ncontent-length: 5", body: "hello", "200 OK\r\ncontent-length: 5\r\n\r\n"),
    Row("HEAD", ":status: 204", "204 No Content\r\n\r\n"),
  ]

  @Test(arguments: rows) func writes(row: Row) {
    let harness = ServerHarness()
    harness.onRequest = { $0.respond(row.headers, body: row.body) }
    harness.feed("\(row.method) / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(harness.transport.take() == "HTTP/1.1 " + row.bytes)
    #expect(harness.log == ["complete"])
  }

  @Test func writesInterimResponses() {
    let harness = ServerHarness()
    harness.feed("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n")
    harness.encoder?.encodeInformational(HeaderMap(":status: 100"))
    harness.encoder?.encodeInformational(HeaderMap(":status: 103\nlink: x"))
    harness.feed("x")
    harness.respond()
    #expect(
      harness.transport.take() == "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Unknown\r\nlink: x\r\n\r\n"
        + "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
  }

  @Test(arguments: [true, false]) func writesTrailersWhereAllowed(enabled: Bool) {
    var options = HTTP1ServerOptions()
    options.enableTrailers = enabled
    let harness = ServerHarness(options)
    harness.feed("GET / HTTP/1.1\r\n\r\n")
    harness.encoder?.encodeHeaders(HeaderMap(":status: 200"), endStream: false)
    harness.send("0123456789abcdef", endStream: false)
    harness.send("", endStream: false)
    harness.encoder?.encodeTrailers(HeaderMap("a: b\nc: d"))
    let fields = enabled ? "a: b\r\nc: d\r\n" : ""
    #expect(
      harness.transport.take()
        == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n0\r\n\(fields)\r\n")
    #expect(harness.log == ["complete"])
  }

  @Test func answersPipelinedRequestsInTurn() {
    let harness = ServerHarness()
    harness.feed("GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET /3 HTTP/1.1\r\n\r\n")
    #expect(harness.trace == ["headers :method: GET|:path: /1", "end"])
    #expect(harness.log == ["pause"])
    harness.feed("GET /4 HTTP/1.1\r\n\r\n")
    harness.onRequest = { if $0.streams.count > 2 { $0.respond() } }
    harness.respond()
    #expect(harness.streams.count == 2)
    #expect(harness.log == ["pause", "complete", "resume", "pause"])
    harness.respond()
    #expect(harness.streams.count == 4)
    #expect(harness.left == 0)
    #expect(harness.log == ["pause", "complete", "resume", "pause", "complete", "resume", "complete", "complete"])
  }

  @Test func answersManyPipelinedRequestsWithoutRecursion() {
    let harness = ServerHarness()
    harness.onRequest = { $0.respond() }
    for _ in 0..<100 { harness.feed(String(repeating: "GET / HTTP/1.1\r\nHost: h\r\n\r\n", count: 100)) }
    #expect(harness.streams.count == 10_000)
  }

  static let closing: [(String, String)] = [
    ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", ":status: 200"),
    ("GET / HTTP/1.1\r\nConnection: a, CLOSE ,b\r\n\r\n", ":status: 200"),
    ("GET / HTTP/1.1\r\nConnection: a\r\nConnection: close\r\n\r\n", ":status: 200"),
    ("GET / HTTP/1.1\r\nProxy-Connection: close\r\n\r\n", ":status: 200"),
    ("GET / HTTP/1.1\r\n\r\n", ":status: 200\nconnection: close"),
    ("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", ":status: 200"),
    ("CONNECT h:80 HTTP/1.1\r\n\r\n", ":status: 404"),
    ("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", ":status: 403"),
    ("GET /\u{0} HTTP/1.1\r\n\r\n", ":status: 400"),
  ]

  @Test(arguments: closing) func closesAfter(request: String, response: String) {
    let harness = ServerHarness()
    harness.feed(request)
    harness.respond(response)
    #expect(harness.log == ["complete, close"])
    harness.feed("GET / HTTP/1.1\r\n\r\n")
    #expect(harness.streams.count == 1)
    if harness.error == nil { #expect(harness.left == 0) }
  }

  @Test func goAwayClosesAfterTheNextResponse() {
    let harness = ServerHarness()
    harness.onRequest = { $0.respond(":status: 200\na: b") }
    harness.feed("GET / HTTP/1.1\r\n\r\n")
    harness.codec?.goAway()
    _ = harness.transport.take()
    harness.feed("GET / HTTP/1.1\r\n\r\n")
    #expect(harness.transport.take() == "HTTP/1.1 200 OK\r\na: b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    #expect(harness.log == ["complete", "complete, close"])
  }

  @Test func answersBeforeTheRequestIsComplete() {
    let harness = ServerHarness()
    harness.onNewStream = { harness, decoder in decoder.onHeaders = { [unowned harness] in harness.respond() } }
    harness.feed("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET / HTTP/1.1\r\n\r\n")
    #expect(harness.trace == ["headers :method: POST|:path: /|content-length: 2"])
    #expect(harness.log == ["complete, close"])
    #expect(harness.left == 0)
  }

  @Test func resetInsideACallback() {
    for atHeaders in [true, false] {
      let harness = ServerHarness()
      harness.onNewStream = { harness, decoder in
        let reset = { [unowned harness] in harness.encoder?.reset(.localReset) ?? () }
        if atHeaders { decoder.onHeaders = reset } else { decoder.onData = reset }
      }
      harness.feed("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
      #expect(harness.trace.dropFirst() == (atHeaders ? [] : ["data a"]))
      #expect(harness.log == ["complete, close"])
      harness.respond()
      harness.encoder?.encodeTrailers(HeaderMap("a: b"))
      #expect(harness.transport.take() == "")
    }
  }

  @Test func clientGoesAway() {
    let harness = ServerHarness()
    harness.feed("GET / HT")
    #expect(throws: Never.self) { try harness.codec?.endOfInput() }
    #expect(harness.trace == ["reset connection termination"])
    #expect(harness.log == [])
  }

  @Test func readDisablesNest() {
    let harness = ServerHarness()
    harness.feed("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na")
    for disable in [true, true, false, true] { harness.encoder?.readDisable(disable) }
    #expect(harness.log == ["pause"])
    harness.encoder?.readDisable(false)
    harness.encoder?.readDisable(false)
    #expect(harness.log == ["pause", "resume"])
    harness.encoder?.readDisable(true)
    harness.feed("b")
    harness.respond()
    #expect(harness.log == ["pause", "resume", "pause", "complete", "resume"], "the next stream starts unpaused")
    harness.encoder?.readDisable(true)
    #expect(harness.log.count == 5)
  }

  @Test func watermarksReachTheStream() {
    let harness = ServerHarness()
    harness.feed("GET / HTTP/1.1\r\n")
    harness.codec?.aboveWriteBufferHighWatermark()
    harness.feed("\r\n")
    harness.codec?.belowWriteBufferLowWatermark()
    #expect(harness.trace == ["above", "headers :method: GET|:path: /", "end", "below"])
  }

  @Test func requestsWaitUntilTheClientReads() {
    let harness = ServerHarness()
    harness.onRequest = { $0.respond() }
    harness.codec?.aboveWriteBufferHighWatermark()
    harness.feed("GET / HTTP/1.1\r\n\r\n")
    #expect(harness.streams.isEmpty)
    #expect(harness.log == ["pause"])
    harness.codec?.belowWriteBufferLowWatermark()
    #expect(harness.log == ["pause", "resume"])
    harness.feed("GET / HTTP/1.1\r\n\r\n")
    #expect(harness.streams.count == 2)
  }
}
