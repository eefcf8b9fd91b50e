import Reactor

/// The text of a Date field (RFC 9110 §5.6.7), made anew once a second: "Sat, 21 Nov 2026 02:12:38 GMT".
package struct HTTPDate {
  private var second: Int64 = -1
  private var text: InlineArray<29, UInt8> = .init(repeating: 0x20)

  package init() {}

  /// Valid until the next call.
  package mutating func view(wallNanoseconds: Int64) -> ByteView {
    let now = wallNanoseconds / 1_000_000_000
    if now != second {
      second = now
      write(CivilTime(secondsSinceEpoch: now))
    }
    // The storage is a stored property of a worker, which does not move.
    return withUnsafeMutableBytes(of: &text) { ByteView(UnsafeRawBufferPointer($0)) }
  }

  private mutating func write(_ time: CivilTime) {
    var place = 0
    func put(_ literal: StaticString, _ from: Int, _ text: inout InlineArray<29, UInt8>) {
      let bytes = ByteView(literal)
      for offset in 0..<3 {
        text[place] = bytes[from * 3 + offset]
        place += 1
      }
    }
    func put(_ number: Int, digits: Int, _ text: inout InlineArray<29, UInt8>) {
      var rest = number
      for offset in (0..<digits).reversed() {
        text[place + offset] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
        rest /= 10
      }
      place += digits
    }
    func put(_ byte: StaticString, _ text: inout InlineArray<29, UInt8>) {
      for byte in byte.utf8Start..<(byte.utf8Start + byte.utf8CodeUnitCount) {
        text[place] = byte.pointee
        place += 1
      }
    }
    put("SunMonTueWedThuFriSat", time.weekday, &text)
    put(", ", &text)
    put(time.day, digits: 2, &text)
    put(" ", &text)
    put("JanFebMarAprMayJunJulAugSepOctNovDec", time.month - 1, &text)
    put(" ", &text)
    put(time.year, digits: 4, &text)
    put(" ", &text)
    put(time.hour, digits: 2, &text)
    put(":", &text)
    put(time.minute, digits: 2, &text)
    put(":", &text)
    put(time.second, digits: 2, &text)
    put(" GMT", &text)
  }
}
