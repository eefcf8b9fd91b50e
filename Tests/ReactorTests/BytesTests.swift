import Testing

@testable import Reactor

@Suite struct BytesTests {
  @Test func aQueueGivesBackItsMemoryWithTheLastByte() {
    let pool = BlockPool()
    var queue = ByteQueue(pool: pool)
    queue.append("hello ")
    queue.append(decimal: -1234)
    let whole = queue.view.string
    #expect(whole == "hello -1234")
    queue.consume(6)
    let rest = queue.view.string
    #expect(rest == "-1234")
    queue.consume(5)
    let isEmpty = queue.isEmpty
    let left = queue.view.count
    #expect(isEmpty && left == 0)
  }

  /// Random appends and takings against a plain array.
  @Test(arguments: [1, 2, 3] as [UInt64]) func aQueueAgreesWithAnArray(seed: UInt64) {
    var random = RandomGenerator(seed: seed)
    var queue = ByteQueue(pool: BlockPool())
    var model: [UInt8] = []
    for _ in 0..<2000 {
      if random.below(2) == 0 {
        let bytes = (0..<random.below(9000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        bytes.withUnsafeBytes { queue.append(ByteView($0)) }
        model += bytes
      } else {
        let taken = random.below(model.count + 1)
        queue.consume(taken)
        model.removeFirst(taken)
      }
      let count = queue.count
      #expect(count == model.count)
    }
    let isEqual = queue.view.buffer.elementsEqual(model)
    #expect(isEqual)
  }

  @Test(
    arguments: [
      ("0", 0), ("42", 42), ("9223372036854775807", Int.max), ("9223372036854775808", nil), ("", nil), ("-1", nil),
      ("+1", nil), (" 1", nil), ("1a", nil), ("00000000000000000001", nil),
    ] as [(String, Int?)])
  func decimals(text: String, value: Int?) {
    var text = text
    text.withUTF8 { #expect(ByteView(UnsafeRawBufferPointer($0)).decimal == value) }
  }

  @Test func searching() {
    #expect(ByteView("abcabd").contains(ByteView("abd")))
    #expect(!ByteView("abcab").contains(ByteView("abd")))
    #expect(ByteView(" \t a b \t").trimmed == "a b")
    #expect(ByteView("Keep-ALIVE").equalsIgnoringCase(ByteView("keep-alive")))
    #expect(!ByteView("keep-alive").equalsIgnoringCase(ByteView("keep_alive")))
    #expect(ByteView("a.b.c").lastIndex(of: 0x2e) == 3)
  }

  @Test func addressesPrintAsTheyAreRead() throws {
    let four = try #require(SocketAddress(ip: "127.0.0.1", port: 80))
    #expect("\(four)" == "127.0.0.1:80")
    #expect(four.isLoopback)
    let six = try #require(SocketAddress(ip: "::1", port: 8080))
    #expect("\(six)" == "[::1]:8080")
    #expect(six.isLoopback)
    #expect(SocketAddress(ip: "localhost", port: 1) == nil)
    #expect(SocketAddress(unixPath: String(repeating: "x", count: 200)) == nil)
    #expect(SocketAddress(unixPath: "@abstract")?.description == "@abstract")
  }

  @Test func dates() {
    let time = CivilTime(secondsSinceEpoch: 1_795_227_158)
    #expect(time.year == 2026 && time.month == 11 && time.day == 21 && time.weekday == 6)
    #expect(time.hour == 2 && time.minute == 12 && time.second == 38)
    let leap = CivilTime(secondsSinceEpoch: 951_782_400)
    #expect(leap.year == 2000 && leap.month == 2 && leap.day == 29)
  }
}
