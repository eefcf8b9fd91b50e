import Reactor
import Testing

@testable import Proxy

/// What a forward proxy makes of the first bytes of a connection.
@Suite struct ForwardRequestTests {
  private static let limit = 200

  private func parse(_ text: String) -> ForwardRequest {
    withBytes(text) { ForwardRequest.parse($0, limit: Self.limit) }
  }

  private func status(_ text: String) -> Int? {
    if case .refused(let refusal) = parse(text) { return refusal.status }
    return nil
  }

  private func target(_ text: String) -> ForwardTarget? { ForwardTarget(text) }

  @Test func readsConnectAndNoByteMore() throws {
    let head = "CONNECT Api.Test.:443 HTTP/1.1\r\nhost: x\r\n\r\n"
    let wanted = ForwardRequest.connect(try #require(target("api.test:443")), headLength: head.utf8.count)
    #expect(parse(head) == wanted)
    #expect(parse(head + "\u{16}\u{3}\u{1}early") == wanted)
    for length in 0..<head.utf8.count {
      #expect(parse(String(decoding: Array(head.utf8.prefix(length)), as: UTF8.self)) == .needsMore)
    }
    #expect(parse("CONNECT a:1 HTTP/1.0\n\nx") == .connect(try #require(target("a:1")), headLength: 22))
  }

  @Test func readsAbsoluteFormByItsFirstLine() throws {
    let wanted = ForwardRequest.absolute(try #require(ForwardTarget("api.test", defaultPort: 80)))
    for text in [
      "http://api.test/x", "HTTP://API.test:80", "http://api.test?y", "http://api.test#z", "http://api.test./",
    ] {
      #expect(parse("GET \(text) HTTP/1.1\r\n") == wanted, "\(text)")
      #expect(parse("\r\n\r\nPOST \(text) HTTP/1.0\r\nhost: other\r\n\r\nbody") == wanted, "\(text)")
    }
    #expect(parse("GET http://api.test/x HTTP/1.1\r") == .needsMore)
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n", "GET api.test/x HTTP/1.1\r\n", "GET https://api.test/ HTTP/1.1\r\n",
    "GET ftp://api.test/ HTTP/1.1\r\n", "GET http:///x HTTP/1.1\r\n", "GET http://u@api.test/ HTTP/1.1\r\n",
    "GET http://api.test:0/ HTTP/1.1\r\n", "GET http://api.test:65536/ HTTP/1.1\r\n", "GET http:x HTTP/1.1\r\n",
    "GET  http://api.test/ HTTP/1.1\r\n", "GET http://api.test/ HTTP/1.1 \r\n", "GET http://api.test/\r\n",
    "G(T http://api.test/ HTTP/1.1\r\n", "GET http://api.test/\u{7f} HTTP/1.1\r\n", "GET http://[::1/ HTTP/1.1\r\n",
    "CONNECT api.test HTTP/1.1\r\n", "CONNECT u:p@api.test:1 HTTP/1.1\r\n", "CONNECT http://api.test:1/ HTTP/1.1\r\n",
    "CONNECT api.test:0 HTTP/1.1\r\n", "CONNECT api.test:65536 HTTP/1.1\r\n", "CONNECT api.test: HTTP/1.1\r\n",
    "CONNECT :443 HTTP/1.1\r\n", "CONNECT ::1:443 HTTP/1.1\r\n", "CONNECT [api]:443 HTTP/1.1\r\n",
    "CONNECT [127.0.0.1]:443 HTTP/1.1\r\n", "CONNECT [fe80::1%25lo]:443 HTTP/1.1\r\n", "CONNECT a%41:1 HTTP/1.1\r\n",
    "CONNECT a:+1 HTTP/1.1\r\n", "CONNECT a:000001 HTTP/1.1\r\n", "CONNECT .:1 HTTP/1.1\r\n",
    "CONNECT a:1 HTTP/1.1\r\nx: \u{1}\r\n", "CONNECT a:1 HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\u{16}\u{3}\u{1}",
    "SSH-2.0-x\r\n", " ",
  ])
  func refuses(_ text: String) { #expect(status(text) == 400) }

  @Test func readsAddresses() throws {
    let six = try #require(SocketAddress(ip: "2001:db8::1", port: 443))
    #expect(target("[2001:DB8::1]:443")?.host == .address(six))
    #expect(target("192.0.2.1:9")?.host == SocketAddress(ip: "192.0.2.1", port: 9).map { .address($0) })
    #expect(target("[2001:db8::1]:443")?.description == "[2001:db8::1]:443")
  }

  @Test func hasALimit() {
    let long = String(repeating: "a", count: Self.limit)
    #expect(status("GET http://\(long)") == 431)
    #expect(status("CONNECT a:1 HTTP/1.1\r\n\(long)") == 431)
    #expect(status(String(repeating: "\r\n", count: Self.limit / 2)) == 431)
    #expect(status("CONNECT \(String(repeating: "a", count: 254)):1 HTTP/1.1\r\n\r\n") == 400)
  }

  /// Whatever comes: a verdict stands once it is there, and a tunnel's head is all that it was read from.
  @Test func verdictsStand() {
    var random = RandomGenerator(seed: 7)
    let seeds = [
      "CONNECT a.b:443 HTTP/1.1\r\nhost: a\r\n\r\nearly", "GET http://[::1]:80/x HTTP/1.0\r\n\r\n",
      "\r\nCONNECT a:1 HTTP/1.1\n\n",
    ].map { Array($0.utf8) }
    for round in 0..<1500 {
      var bytes = seeds[round % seeds.count]
      for _ in 0..<round % 5 {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next() >> 20)
      }
      var verdict = ForwardRequest.needsMore
      for length in 0...bytes.count {
        let found = bytes.withUnsafeBytes {
          ForwardRequest.parse(ByteView(UnsafeRawBufferPointer(rebasing: $0[..<length])), limit: Self.limit)
        }
        #expect(verdict == .needsMore || found == verdict, "\(bytes)")
        if verdict == .needsMore, case .connect(_, let head) = found { #expect(head == length, "\(bytes)") }
        verdict = found
      }
    }
  }
}
