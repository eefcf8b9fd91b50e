import HTTP
import Testing

/// What comes out of responses, and whether the connection can be used again.
@Suite struct ClientResponseTests {
  struct Row: Sendable {
    let method: String
    let bytes: String
    let trace: [String]
    let log: [String]

    init(_ bytes: String, _ trace: [String], to method: String = "GET", closes: Bool = false) {
      self.method = method
      self.bytes = "HTTP/" + bytes
      self.trace = trace
      log = [closes ? "complete, close" : "complete"]
    }
  }

  static let accepted = [
    Row(
      "1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\nok",
      ["headers :status: 200|content-length: 2|a: b", "data ok", "end"]),
    Row("1.1 200 OK\nContent-Length: 2\n\nok", ["headers :status: 200|content-length: 2", "data ok", "end"]),
    Row("1.1 200\r\nContent-Length: 0\r\n\r\n", ["headers :status: 200|content-length: 0", "end"]),
    Row("1.1  999 \u{e9}\tx\r\nContent-Length: 0\r\n\r\n", ["headers :status: 999|content-length: 0", "end"]),
    Row("2.0 200 OK\r\nContent-Length: 0\r\n\r\n", ["headers :status: 200|content-length: 0", "end"], closes: true),
    Row("1.0 200 OK\r\nContent-Length: 0\r\n\r\n", ["headers :status: 200|content-length: 0", "end"], closes: true),
    Row(
      "1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
      ["headers :status: 200|content-length: 0|connection: keep-alive", "end"]),
    Row(
      "1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
      ["headers :status: 200|content-length: 0|connection: close", "end"], closes: true),
    Row(
      "1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3;x\r\nabc\r\n0\r\nT: u\r\n\r\n",
      ["headers :status: 200|transfer-encoding: chunked", "data okabc", "end"]),
    Row("1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", ["headers :status: 204|content-length: 0", "end"]),
    Row("1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ["headers :status: 304|content-length: 5", "end"]),
    Row(
      "1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
      ["headers :status: 304|transfer-encoding: chunked", "end"]),
    Row("1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ["headers :status: 200|content-length: 5", "end"], to: "HEAD"),
    Row("1.1 200 OK\r\n\r\n", ["headers :status: 200", "end"], to: "HEAD"),
    Row(
      "1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      [
        "informational :status: 100", "informational :status: 103|link: x", "headers :status: 200|content-length: 0",
        "end",
      ]),
    Row(
      "1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", ["headers :status: 101|upgrade: x", "end"], closes: true),
    Row(
      "1.1 200 OK\r\nA: b\r\n  c \r\n\td\r\nB:\r\n e\r\nContent-Length: 0\r\n\r\n",
      ["headers :status: 200|a: b c d|b: e|content-length: 0", "end"]),
    Row(
      "1.1 200 OK\r\nSet-Cookie: a\r\nVary: a\r\nSet-Cookie: b\r\nVary: b\r\nContent-Length: 0\r\n\r\n",
      ["headers :status: 200|set-cookie: a|vary: a,b|set-cookie: b|content-length: 0", "end"]),
  ]

  @Test(arguments: accepted) func accepts(row: Row) {
    let whole = ClientHarness()
    whole.request(":method: \(row.method)\n:path: /\n:authority: h")
    whole.feed(row.bytes)
    #expect(whole.trace == row.trace)
    #expect(whole.log == row.log)
    let slow = ClientHarness()
    slow.request(":method: \(row.method)\n:path: /\n:authority: h")
    #expect(slow.trace(Array(row.bytes.utf8), cutAt: Array(1..<row.bytes.utf8.count)) == row.trace)
    #expect(slow.log == row.log)
  }

  static let refused: [String] = [
    "garbage\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1.11 200 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
    "HTTP/1.1 200OK\r\n\r\n", "HTTP/1.1 200 O\u{0}K\r\n\r\n", "HTTP/1.1 200 O\rK\r\n\r\n",
    "HTTP/1.1 200 OK\r\na : b\r\n\r\n", "HTTP/1.1 200 OK\r\nbad\r\n\r\n", "HTTP/1.1 200 OK\r\na: \u{0}\r\n\r\n",
    "HTTP/1.1 200 OK\r\n a: b\r\n\r\n", "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n",
    "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\n",
  ]

  @Test(arguments: refused) func refuses(bytes: String) {
    let whole = ClientHarness()
    whole.request()
    whole.feed(bytes)
    #expect(whole.trace.first == "reset protocol error")
    #expect(whole.error != nil)
    #expect(whole.log == [], "the owner closes the connection")
    let slow = ClientHarness()
    slow.request()
    #expect(slow.trace(Array(bytes.utf8), cutAt: Array(1..<bytes.utf8.count)) == whole.trace)
  }

  @Test func connectionsAreUsedAgain() {
    let harness = ClientHarness()
    for _ in 0..<3 {
      harness.request()
      harness.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    #expect(harness.log == ["complete", "complete", "complete"])
    #expect(harness.trace.count == 9)
  }

  static let ends: [(String, [String], String?)] = [
    ("", ["reset connection termination"], nil),
    ("HTTP/1.1 20", ["reset protocol error", "error http1.codec_error"], nil),
    ("HTTP/1.1 100 Continue\r\n\r\n", ["informational :status: 100", "reset connection termination"], nil),
    ("HTTP/1.1 200 OK\r\n\r\nabc", ["headers :status: 200", "data abc", "end"], "complete, close"),
    ("HTTP/1.1 200 OK\r\n\r\n", ["headers :status: 200", "end"], "complete, close"),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
      ["headers :status: 200|content-length: 5", "data abc", "reset protocol error", "error http1.codec_error"], nil
    ),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      [
        "headers :status: 200|transfer-encoding: chunked", "data abc", "reset protocol error",
        "error http1.codec_error",
      ], nil
    ),
  ]

  @Test(arguments: ends) func endOfInput(bytes: String, trace: [String], log: String?) {
    let harness = ClientHarness()
    harness.request()
    harness.feed(bytes)
    harness.close()
    #expect(harness.trace == trace)
    #expect(harness.log == (log.map { [$0] } ?? []))
    harness.codec?.connectionClosed(.connectionTermination)
    #expect(harness.trace == trace, "told once")
  }

  @Test func failedConnectionCutsABodyWithoutLength() {
    let harness = ClientHarness()
    harness.request()
    harness.feed("HTTP/1.1 200 OK\r\n\r\nabc")
    #expect(throws: Never.self) { try harness.codec?.endOfInput(isClean: false) }
    #expect(harness.trace == ["headers :status: 200", "data abc", "reset connection termination"])
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nConnection: close\r\n", 1), ("HTTP/1.0 200 OK\r\n", 1), ("HTTP/2.0 200 OK\r\n", 1),
    ("HTTP/1.1 200 OK\r\n", 0), ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n", 0),
  ]) func saysThatThePeerWillClose(head: String, count: Int) {
    let harness = ClientHarness()
    harness.request()
    harness.feed(head + "Content-Length: 0\r\n\r\n")
    #expect(harness.peerWillCloseCount == count)
    #expect(harness.log == [count == 1 ? "complete, close" : "complete"])
  }

  @Test func unaskedBytesEndTheConnection() {
    let extra = ClientHarness()
    extra.request()
    extra.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore")
    #expect(extra.log == ["complete, unasked bytes"])
    let idle = ClientHarness()
    idle.feed("HTTP/1.1 200 OK\r\n\r\n")
    #expect(idle.error?.detail.description == "http1.codec_error")
    let tired = ClientHarness()
    tired.feed("HTTP/1.1 408 Request Timeout\r\n\r\n")
    #expect(tired.error?.detail.description == "http1.unasked_request_timeout")
  }

  @Test func responseBeforeTheRequestIsSent() {
    let harness = ClientHarness()
    let decoder = harness.request(":method: POST\n:path: /\n:authority: h", endStream: false)
    harness.send("a", endStream: false)
    decoder.onComplete = { [unowned harness] in harness.encoder?.reset(.localReset) }
    harness.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(harness.log == ["unfinished"])
    _ = harness.transport.take()
    harness.send("b", endStream: true)
    #expect(harness.transport.take() == "")
  }

  @Test func resetEndsTheStreamOnce() {
    let harness = ClientHarness()
    let decoder = harness.request()
    decoder.onData = { [unowned harness] in harness.encoder?.reset(.localReset) }
    harness.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
    harness.encoder?.reset(.localReset)
    harness.codec?.connectionClosed(.connectionTermination)
    #expect(harness.trace == ["headers :status: 200|transfer-encoding: chunked", "data a"])
    #expect(harness.log == ["unfinished"])
  }

  @Test func connectionClosedResetsTheStream() {
    let harness = ClientHarness()
    harness.request()
    harness.encoder?.readDisable(true)
    harness.codec?.connectionClosed(.connectionTermination)
    #expect(harness.trace == ["reset connection termination"])
    #expect(harness.log == ["pause", "resume"])
  }

  @Test func passesTrailersOnWhereAllowed() {
    var options = HTTP1ClientOptions()
    options.enableTrailers = true
    let harness = ClientHarness(options)
    harness.request()
    harness.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nGrpc-Status: 0\r\nx: y\r\n\r\n")
    #expect(harness.trace.dropFirst() == ["data a", "trailers grpc-status: 0|x: y", "end"])
    #expect(harness.log == ["complete"])
  }

  @Test func dropsLengthBesideChunkedWhereAllowed() {
    var options = HTTP1ClientOptions()
    options.allowChunkedLength = true
    let harness = ClientHarness(options)
    harness.request()
    harness.feed("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
    #expect(harness.trace == ["headers :status: 200|transfer-encoding: chunked", "data a", "end"])
  }
}
