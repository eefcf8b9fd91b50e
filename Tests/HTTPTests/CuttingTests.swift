import HTTP
import Reactor
import Testing

/// Bytes mean the same however they are cut, and none of them stops the program.
@Suite struct CuttingTests {
  static let requests =
    "POST /a?b HTTP/1.1\r\nHost: h.x\r\nTransfer-Encoding: chunked\r\nX-Some-Thing: v\t1\r\n\r\n5\r\nhello\r\n10;e=\"f\"\r\n"
    + "0123456789abcdef\r\n0\r\nT: u\r\nV: w\r\n\r\n\r\nGET http://x.y/ HTTP/1.1\nhost: z\n\nPUT / HTTP/1.1\r\n"
    + "content-length: 11\r\ncookie: a\r\ncookie: b\r\naccept: c\r\naccept: d\r\n\r\nhello worldGET /last HTTP/1.1\r\n\r\n"

  static let responses =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n c\r\n\r\n5\r\nhello\r\n0a\r\n"
    + "0123456789\r\n0\r\nT: u\r\n\r\n"

  private static func cuts(_ random: inout SystemRandomNumberGenerator, below end: Int) -> [Int] {
    (0..<Int.random(in: 0...12, using: &random)).map { _ in Int.random(in: 1..<end, using: &random) }.sorted()
  }

  private static func server(_ bytes: [UInt8], cutAt cuts: [Int]) -> [String] {
    var options = HTTP1ServerOptions()
    options.enableTrailers = true
    let harness = ServerHarness(options)
    harness.onRequest = { $0.respond(body: "ok") }
    return harness.trace(bytes, cutAt: cuts) + harness.log + [harness.transport.take()]
  }

  private static func client(_ bytes: [UInt8], cutAt cuts: [Int]) -> [String] {
    var options = HTTP1ClientOptions()
    options.enableTrailers = true
    let harness = ClientHarness(options)
    harness.request()
    return harness.trace(bytes, cutAt: cuts) + harness.log
  }

  @Test func requestsCutAtRandom() {
    var random = SystemRandomNumberGenerator()
    let bytes = Array(Self.requests.utf8)
    let whole = Self.server(bytes, cutAt: [])
    #expect(whole.filter { $0 == "end" }.count == 4)
    for _ in 0..<500 {
      let cuts = Self.cuts(&random, below: bytes.count)
      #expect(Self.server(bytes, cutAt: cuts) == whole, "cut at \(cuts)")
    }
  }

  @Test func responsesCutAtRandom() {
    var random = SystemRandomNumberGenerator()
    let bytes = Array(Self.responses.utf8)
    let whole = Self.client(bytes, cutAt: [])
    #expect(whole.last == "complete")
    for _ in 0..<500 {
      let cuts = Self.cuts(&random, below: bytes.count)
      #expect(Self.client(bytes, cutAt: cuts) == whole, "cut at \(cuts)")
    }
  }

  /// Broken bytes give the same whole or in pieces too, but for how much of the content is passed on before the fault
  /// is seen: so only errors are compared.
  @Test func brokenBytesCutAtRandom() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      for isRequest in [true, false] {
        var bytes = Array((isRequest ? Self.requests : Self.responses).utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        let cuts = Self.cuts(&random, below: bytes.count)
        let decode = isRequest ? Self.server : Self.client
        let whole = decode(bytes, []).filter { $0.hasPrefix("headers") || $0 == "end" }
        let pieces = decode(bytes, cuts).filter { $0.hasPrefix("headers") || $0 == "end" }
        #expect(whole == pieces, "\(bytes) cut at \(cuts)")
      }
    }
  }

  @Test func garbageDoesNoHarm() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<2000 {
      let bytes = (0..<Int.random(in: 1...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let cuts = bytes.count > 1 ? Self.cuts(&random, below: bytes.count) : []
      _ = Self.server(bytes, cutAt: cuts)
      _ = Self.client(bytes, cutAt: cuts)
    }
  }

  /// A peer that sends byte by byte costs no more than one that sends at once: 60 KiB of it would take minutes else.
  @Test(.timeLimit(.minutes(1))) func slowHeadsAreReadOnce() throws {
    let head = Array(LimitTests.request(ofLength: 60 * 1024).utf8)
    let harness = ServerHarness()
    let codec = try #require(harness.codec)
    try head.withUnsafeBytes { buffer in
      let view = ByteView(buffer)
      var taken = 0
      for length in 1..<head.count { taken += try codec.dispatch(view.prefix(length)) }
      #expect(taken == 0)
      taken = try codec.dispatch(view)
      #expect(taken == head.count)
    }
  }
}
