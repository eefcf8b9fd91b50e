import Reactor

/// The text of a Date field (RFC 9110 §5.6.7), made anew once a second: "Sat, 21 Nov 2026 02:12:38 GMT".
package struct HTTPDate: ~Copyable {
  private static let length = 29

  private var second: Int64 = -1
  private let text: UnsafeMutablePointer<UInt8>

  package init() { text = .allocate(capacity: Self.length) }

  deinit { text.deallocate() }

  /// Valid until the next call.
  package mutating func view(wallNanoseconds: Int64) -> ByteView {
    let now = wallNanoseconds / 1_000_000_000
    if now != second {
      second = now
      write(CivilTime(secondsSinceEpoch: now))
    }
    return ByteView(start: text, count: Self.length)
  }

  private func write(_ time: CivilTime) {
    var writer = Writer(next: text)
    writer.put(ByteView("SunMonTueWedThuFriSat")[time.weekday * 3..<time.weekday * 3 + 3])
    writer.put(ByteView(", "))
    writer.put(time.day, digits: 2)
    writer.put(ByteView(" "))
    writer.put(ByteView("JanFebMarAprMayJunJulAugSepOctNovDec")[time.month * 3 - 3..<time.month * 3])
    writer.put(ByteView(" "))
    writer.put(time.year, digits: 4)
    writer.put(ByteView(" "))
    writer.put(time.hour, digits: 2)
    writer.put(ByteView(":"))
    writer.put(time.minute, digits: 2)
    writer.put(ByteView(":"))
    writer.put(time.second, digits: 2)
    writer.put(ByteView(" GMT"))
  }

  private struct Writer {
    var next: UnsafeMutablePointer<UInt8>

    mutating func put(_ bytes: ByteView) {
      for index in 0..<bytes.count { next[index] = bytes[index] }
      next += bytes.count
    }

    mutating func put(_ number: Int, digits: Int) {
      var rest = number
      for index in (0..<digits).reversed() {
        next[index] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
        rest /= 10
      }
      next += digits
    }
  }
}
