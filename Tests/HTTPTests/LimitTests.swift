import HTTP
import Testing

/// Heads, trailers and what else can grow is bounded, whole or in pieces.
@Suite struct LimitTests {
  static func request(ofLength length: Int) -> String {
    let frame = "GET / HTTP/1.1\r\na: \r\n\r\n"
    return "GET / HTTP/1.1\r\na: " + String(repeating: "b", count: length - frame.utf8.count) + "\r\n\r\n"
  }

  static func response(ofLength length: Int) -> String {
    let frame = "HTTP/1.1 200 OK\r\na: \r\n\r\n"
    return "HTTP/1.1 200 OK\r\na: " + String(repeating: "b", count: length - frame.utf8.count) + "\r\n\r\n"
  }

  static func fields(_ count: Int) -> String { (0..<count).map { "a\($0): b\r\n" }.joined() }

  @Test func headsAsLongAsAllowed() {
    for (length, fits) in [(60 * 1024, true), (60 * 1024 + 1, false)] {
      let whole = ServerHarness()
      whole.feed(Self.request(ofLength: length))
      #expect((whole.error == nil) == fits)
      let pieces = ServerHarness()
      let bytes = Array(Self.request(ofLength: length).utf8)
      _ = pieces.trace(bytes, cutAt: Array(stride(from: 1000, to: bytes.count, by: 1000)))
      #expect(pieces.error == whole.error)
      if !fits { #expect(whole.trace == ["error 431 http1.headers_too_large"]) }
    }
    for (length, fits) in [(80 * 1024, true), (80 * 1024 + 1, false)] {
      let harness = ClientHarness()
      harness.request()
      harness.feed(Self.response(ofLength: length))
      #expect((harness.error == nil) == fits)
    }
  }

  @Test func refusesEndlessHeads() {
    for start in ["GET /", "GET / HTTP/1.1\r\na: "] {
      let harness = ServerHarness()
      harness.feed(start)
      for _ in 0..<60 { harness.feed(String(repeating: "b", count: 1024)) }
      #expect(harness.trace == ["error 431 http1.headers_too_large"])
    }
  }

  /// The pool asserts that no map is given back twice: two messages would share it.
  @Test func refusedHeadsGiveTheirMapBackOnce() {
    let pool = HeaderMapPool()
    for bytes in [Self.request(ofLength: 60 * 1024 + 1), "GET / HTTP/1.1\r\na\r\n\r\n"] {
      let harness = ServerHarness(pool: pool)
      harness.feed(bytes)
      #expect(harness.error != nil)
    }
    #expect(pool.take() !== pool.take())
  }

  @Test func countsFields() {
    for (count, fits) in [(100, true), (101, false)] {
      let server = ServerHarness()
      server.feed("GET / HTTP/1.1\r\n" + Self.fields(count) + "\r\n")
      #expect((server.error == nil) == fits)
      if !fits { #expect(server.trace == ["error 431 http1.too_many_headers"]) }
      let client = ClientHarness()
      client.request()
      client.feed("HTTP/1.1 200 OK\r\n" + Self.fields(count) + "\r\n")
      #expect((client.error == nil) == fits)
    }
  }

  @Test func boundsTrailers() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
    let many = ServerHarness()
    many.feed(head + Self.fields(101) + "\r\n")
    #expect(many.trace.last == "error 431 http1.too_many_headers")
    let long = ServerHarness()
    long.feed(head + "a: ")
    for _ in 0..<70 { long.feed(String(repeating: "b", count: 1024)) }
    #expect(long.trace.last == "error 431 http1.headers_too_large")
  }

  @Test func boundsChunkLines() {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    for line in [
      "1;" + String(repeating: "a", count: 5000), String(repeating: "0", count: 5000),
      "1" + String(repeating: " ", count: 5000),
    ] {
      let harness = ServerHarness()
      harness.feed(head + line)
      #expect(harness.error?.status == 400)
    }
    let long = ServerHarness()
    long.feed(head + "1;" + String(repeating: "a", count: 4000) + "\r\nx\r\n0\r\n\r\n")
    #expect(long.trace.suffix(2) == ["data x", "end"])
  }

  @Test func hugeSizesDoNotOverflow() {
    for head in [
      "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "Content-Length: 18446744073709551615\r\n\r\n",
    ] {
      let harness = ServerHarness()
      harness.feed("POST / HTTP/1.1\r\n" + head + "abc")
      harness.feed("def")
      #expect(harness.trace.last == "data abcdef")
      #expect(harness.error == nil)
    }
  }

  @Test func boundsEmptyLines() {
    let few = ServerHarness()
    few.feed(String(repeating: "\r\n", count: 50) + "GET / HTTP/1.1\r\n\r\n")
    #expect(few.error == nil)
    let many = ServerHarness()
    for _ in 0..<100 { many.feed("\r\n") }
    #expect(many.trace == ["error 400 http1.codec_error"])
  }
}
