import HTTP
import Testing

/// How requests are written to the upstream, byte for byte as Envoy does.
@Suite struct ClientRequestTests {
  static let rows: [(String, String?, String)] = [
    (
      ":method: GET\n:path: /a?b\n:authority: h\n:scheme: http\nx: y", nil,
      "GET /a?b HTTP/1.1\r\nhost: h\r\nx: y\r\n\r\n"
    ),
    (":method: GET\n:path: /\nhost: h", nil, "GET / HTTP/1.1\r\nhost: h\r\n\r\n"),
    (":method: GET\n:path: /\n:authority: h\nhost: i\nx: y", nil, "GET / HTTP/1.1\r\nhost: h\r\nx: y\r\n\r\n"),
    (":method: HEAD\n:path: /\n:authority: h", nil, "HEAD / HTTP/1.1\r\nhost: h\r\n\r\n"),
    (":method: DELETE\n:path: /\n:authority: h", nil, "DELETE / HTTP/1.1\r\nhost: h\r\n\r\n"),
    (":method: TRACE\n:path: /\n:authority: h", nil, "TRACE / HTTP/1.1\r\nhost: h\r\n\r\n"),
    (
      ":method: POST\n:path: /\n:authority: h\nx: y", nil,
      "POST / HTTP/1.1\r\nhost: h\r\nx: y\r\ncontent-length: 0\r\n\r\n"
    ),
    (":method: OPTIONS\n:path: *\n:authority: h", nil, "OPTIONS * HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n"),
    (":method: QUERY\n:path: /\n:authority: h", nil, "QUERY / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n"),
    (
      ":method: POST\n:path: /\n:authority: h\ncontent-length: 2\nx: y", "ab",
      "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\nx: y\r\n\r\nab"
    ),
    (
      ":method: GET\n:path: /\n:authority: h\nx: y\ntransfer-encoding: chunked", "ab",
      "GET / HTTP/1.1\r\nhost: h\r\nx: y\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    ),
    (":method: CONNECT\n:authority: h:80", "ab", "CONNECT h:80 HTTP/1.1\r\nhost: h:80\r\n\r\nab"),
  ]

  @Test(arguments: rows) func writes(headers: String, body: String?, bytes: String) {
    let harness = ClientHarness()
    harness.request(headers, endStream: body == nil)
    if let body { harness.send(body, endStream: true) }
    #expect(harness.transport.take() == bytes)
  }

  @Test(arguments: [true, false]) func writesTrailersWhereAllowed(enabled: Bool) {
    var options = HTTP1ClientOptions()
    options.enableTrailers = enabled
    let harness = ClientHarness(options)
    harness.request(":method: POST\n:path: /\n:authority: h", endStream: false)
    harness.send("ab", endStream: false)
    _ = harness.transport.take()
    harness.encoder?.encodeTrailers(HeaderMap("a: b"))
    #expect(harness.transport.take() == (enabled ? "0\r\na: b\r\n\r\n" : "0\r\n\r\n"))
    harness.feed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(harness.log == ["complete"])
  }
}
