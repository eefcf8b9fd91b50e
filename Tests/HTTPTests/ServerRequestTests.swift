import HTTP
import Testing

/// What comes out of requests: a row is the bytes and the trace of the streams. Host is `h` where it does not matter.
@Suite struct ServerRequestTests {
  static let accepted: [(String, [String])] = [
    ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", ["headers :method: GET|:path: /a|:authority: h", "end"]),
    ("GET /a HTTP/1.1\nHost: h\n\n", ["headers :method: GET|:path: /a|:authority: h", "end"]),
    ("\r\n\r\n\nGET / HTTP/1.1\r\n\r\n", ["headers :method: GET|:path: /", "end"]),
    (
      "GET / HTTP/1.1\r\nX-Low: 1\r\nHOST:  h:80 \t\r\nAccept:*/*\r\nEmpty:\r\n\r\n",
      ["headers :method: GET|:path: /|:authority: h:80|x-low: 1|accept: */*|empty: ", "end"]
    ),
    (
      "GET / HTTP/1.1\r\nA: b\tc  d\r\nHost: [::1]:8\r\n\r\n",
      ["headers :method: GET|:path: /|:authority: [::1]:8|a: b\tc  d", "end"]
    ),
    ("GET / HTTP/1.1\r\nHost:\r\n\r\n", ["headers :method: GET|:path: /|:authority: ", "end"]),
    ("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", ["headers :method: OPTIONS|:path: *|:authority: h", "end"]),
    (
      "GET HTTPS://u:p@x.y:8/p?q HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n",
      ["headers :method: GET|:path: /p?q|:authority: x.y:8|:scheme: https|a: b", "end"]
    ),
    ("GET http://x.y HTTP/1.1\r\n\r\n", ["headers :method: GET|:path: /|:authority: x.y|:scheme: http", "end"]),
    (
      "CONNECT h:80 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nraw",
      ["headers :method: CONNECT|:authority: h:80", "data raw"]
    ),
    (
      "GET / HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nraw",
      ["headers :method: GET|:path: /|connection: keep-alive, Upgrade|upgrade: websocket", "data raw"]
    ),
    (
      "GET / HTTP/1.1\r\nConnection: Upgrade, x, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
      ["headers :method: GET|:path: /|connection: x", "end"]
    ),
    (
      "POST / HTTP/1.1\r\nContent-Length: 003\r\n\r\nabc",
      ["headers :method: POST|:path: /|content-length: 003", "data abc", "end"]
    ),
    ("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", ["headers :method: POST|:path: /|content-length: 0", "end"]),
    (
      "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n00\r\n\r\n",
      ["headers :method: POST|:path: /|transfer-encoding: Chunked", "data abc0123456789", "end"]
    ),
    (
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1 ;a\r\nx\r\n0\r\nT: u\r\n\r\n",
      ["headers :method: POST|:path: /|transfer-encoding: chunked", "data x", "end"]
    ),
    (
      "GET / HTTP/1.1\r\nVia: a\r\nCookie: a\r\nVia: b\r\nCookie: b\r\nx: 1\r\nX: 2\r\n\r\n",
      ["headers :method: GET|:path: /|via: a,b|cookie: a|cookie: b|x: 1|x: 2", "end"]
    ),
  ]

  @Test(arguments: accepted) func accepts(bytes: String, expected: [String]) {
    let harness = ServerHarness()
    harness.feed(bytes)
    #expect(harness.trace == expected)
    #expect(harness.left == 0)
  }

  @Test(arguments: accepted) func acceptsByteByByte(bytes: String, expected: [String]) {
    let harness = ServerHarness()
    #expect(harness.trace(Array(bytes.utf8), cutAt: Array(1..<bytes.utf8.count)) == expected)
  }

  static let refused: [(String, String)] = [
    // Request line
    ("FOO / HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("get / HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("M-SEARCH / HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    (" GET / HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("GET  / HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("GET /  HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("GET\t/ HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1 \r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.10\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/11\r\n\r\n", "400 http1.codec_error"),
    ("GET / http/1.1\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\rx\r\n\r\n", "400 http1.codec_error"),
    ("GET /\u{1}a HTTP/1.1\r\n\r\n", "400 http1.invalid_characters"),
    ("GET /\u{7f}a HTTP/1.1\r\n\r\n", "400 http1.invalid_characters"),
    ("GET /\u{e9} HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.0\r\n\r\n", "426 low_version"),
    ("GET / HTTP/2.0\r\n\r\n", "426 low_version"),
    ("GET /\r\n\r\n", "426 low_version"),
    ("GET / \r\n\r\n", "426 low_version"),
    ("\r\u{0}GET / HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("\u{16}\u{3}\u{1}", "400 http1.codec_error"),
    ("G\u{1}T / HTTP/1.1\r\n\r\n", "400 http1.invalid_characters"),
    ("GET / HT\u{1}P/1.1\r\n\r\n", "400 http1.invalid_characters"),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400 http1.codec_error"),
    // Target
    ("GET a HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("GET ?a HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("GET * HTTP/1.1\r\n\r\n", "400 http1.invalid_url"),
    ("GET ftp://x/ HTTP/1.1\r\n\r\n", "400 http1.invalid_scheme"),
    ("GET http:///p HTTP/1.1\r\n\r\n", "400 http1.invalid_url"),
    ("GET http://x:99999/p HTTP/1.1\r\n\r\n", "400 http1.invalid_url"),
    ("GET http://x:/p HTTP/1.1\r\n\r\n", "400 http1.invalid_url"),
    ("GET http://x\"y/p HTTP/1.1\r\n\r\n", "400 http1.codec_error"),
    ("CONNECT h HTTP/1.1\r\n\r\n", "400 http1.invalid_url"),
    ("CONNECT h: HTTP/1.1\r\n\r\n", "400 http1.invalid_url"),
    ("CONNECT :80 HTTP/1.1\r\n\r\n", "400 http1.invalid_url"),
    ("CONNECT /x HTTP/1.1\r\n\r\n", "400 http1.invalid_url"),
    ("CONNECT h:80 HTTP/1.1\r\nContent-Length: 1\r\n\r\n", "400 http1.body_disallowed"),
    ("CONNECT h:80 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "501 http1.invalid_transfer_encoding"),
    // Fields
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400 http1.codec_error"),
    ("GET http://x/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 http.invalid_authority"),
    ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", "400 http.invalid_authority"),
    ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "400 http.invalid_authority"),
    ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "400 http.invalid_authority"),
    ("GET / HTTP/1.1\r\nA : b\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\nab\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\n: b\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\n:path: b\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\n(a): b\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\n\u{e9}: b\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\n a: b\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\na: b\rc\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\na: b\r\r\n\r\n", "400 http1.codec_error"),
    ("GET / HTTP/1.1\r\na: b\u{0}c\r\n\r\n", "400 http1.invalid_characters"),
    ("GET / HTTP/1.1\r\na: b\u{7f}\r\n\r\n", "400 http1.invalid_characters"),
    ("GET / HTTP/1.1\r\n\u{0}a: b\r\n\r\n", "400 http1.invalid_characters"),
    // Connection
    ("GET / HTTP/1.1\r\nConnection: close, X-Forwarded-For\r\n\r\n", "400 http1.connection_header_rejected"),
    ("GET / HTTP/1.1\r\nConnection: x-forwarded-proto\r\n\r\n", "400 http1.connection_header_rejected"),
    ("GET / HTTP/1.1\r\nConnection: :path\r\n\r\n", "400 http1.connection_header_rejected"),
    ("GET / HTTP/1.1\r\nConnection: a,b,c,d,e,f,g,h,i,j,k\r\n\r\n", "400 http1.connection_header_rejected"),
    // Framing
    ("POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", "400 http1.codec_error"),
    ("POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n", "400 http1.codec_error"),
    ("POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n", "400 http1.codec_error"),
    ("POST / HTTP/1.1\r\nContent-Length: 3x\r\n\r\n", "400 http1.codec_error"),
    ("POST / HTTP/1.1\r\nContent-Length:\r\n\r\n", "400 http1.codec_error"),
    ("POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n", "400 http1.codec_error"),
    (
      "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      "400 http1.content_length_and_chunked_not_allowed"
    ),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "501 http1.invalid_transfer_encoding"),
    ("POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", "501 http1.invalid_transfer_encoding"),
    (
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
      "501 http1.invalid_transfer_encoding"
    ),
  ]

  @Test(arguments: refused) func refuses(bytes: String, fault: String) {
    let harness = ServerHarness()
    harness.feed(bytes)
    #expect(harness.trace == ["error " + fault])
    #expect(harness.streams.count == 1, "the reply needs a stream")
  }

  @Test(arguments: refused) func refusesByteByByte(bytes: String, fault: String) {
    let harness = ServerHarness()
    #expect(harness.trace(Array(bytes.utf8), cutAt: Array(1..<bytes.utf8.count)) == ["error " + fault])
  }

  static let chunks: [String] = [
    " 3\r\nabc\r\n", "3 \r\nabc\r\n", "3\nabc\n", "3\r\nabcd\r\n", "3\r\nabc0\r\n", "x\r\n", "\r\n", "0x3\r\nabc\r\n",
    "11111111111111111\r\n", "3;a\u{0}\r\nabc", "3;a\nabc\r\n", "3\rx", "3\r\nabc\rx", "0\r\nbad\r\n\r\n",
    "0\r\nx: y\r\n z\r\n\r\n",
    "0\r\n:path: x\r\n\r\n", "0\r\nx: \u{1}\r\n\r\n",
  ]

  @Test(arguments: chunks) func refusesChunk(content: String) {
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    let whole = ServerHarness()
    whole.feed(head + content)
    #expect(whole.error?.status == 400)
    let slow = ServerHarness()
    let bytes = Array((head + content).utf8)
    #expect(slow.trace(bytes, cutAt: Array(1..<bytes.count)) == whole.trace)
  }

  @Test func takesEveryMethodOfEnvoys() {
    let methods =
      "GET HEAD POST PUT DELETE OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND"
      + " ACL REPORT MKACTIVITY CHECKOUT MERGE NOTIFY SUBSCRIBE UNSUBSCRIBE PATCH PURGE MKCALENDAR LINK UNLINK SOURCE QUERY"
    for method in methods.split(separator: " ") {
      let harness = ServerHarness()
      harness.feed("\(method) / HTTP/1.1\r\n\r\n")
      #expect(harness.trace == ["headers :method: \(method)|:path: /", "end"])
    }
  }

  @Test func passesTrailersOnWhereAllowed() {
    var options = HTTP1ServerOptions()
    options.enableTrailers = true
    let harness = ServerHarness(options)
    harness.feed("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\nHost: c\r\n\r\n")
    #expect(harness.trace.dropFirst() == ["data x", "trailers a: b|host: c", "end"])
  }

  @Test func dropsLengthBesideChunkedWhereAllowed() {
    var options = HTTP1ServerOptions()
    options.allowChunkedLength = true
    let harness = ServerHarness(options)
    harness.feed("POST / HTTP/1.1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
    #expect(harness.trace == ["headers :method: POST|:path: /|transfer-encoding: chunked", "data x", "end"])
  }

  @Test func keepsAbsoluteFormWhereNotAllowed() {
    var options = HTTP1ServerOptions()
    options.allowAbsoluteURL = false
    let harness = ServerHarness(options)
    harness.feed("GET http://x/p HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(harness.trace == ["headers :method: GET|:path: http://x/p|:authority: h", "end"])
  }

  @Test func underscoresInNames() {
    let bytes = "POST / HTTP/1.1\r\na_b: 1\r\nc: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nd_e: 3\r\nf: 4\r\n\r\n"
    var options = HTTP1ServerOptions()
    options.enableTrailers = true
    options.underscores = .dropHeader
    let dropping = ServerHarness(options)
    dropping.feed(bytes)
    #expect(
      dropping.trace == [
        "headers :method: POST|:path: /|c: 2|transfer-encoding: chunked", "trailers f: 4", "end",
      ])
    options.underscores = .rejectRequest
    let rejecting = ServerHarness(options)
    rejecting.feed(bytes)
    #expect(rejecting.trace == ["error 400 http1.unexpected_underscore"])
  }
}
