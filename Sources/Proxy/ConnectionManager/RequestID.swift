import Reactor

/// x-request-id: a version 4 UUID (RFC 9562 §5.4) from the worker's generator.
enum RequestID {
  /// Characters of an id.
  static let length = 36
  /// Where Envoy marks in an id whether, and why, a request is traced; and the mark of one that is not.
  static let tracePlace = 14
  static let notTraced = UInt8(ascii: "4")

  /// "00" to "ff".
  private static let hexadecimal: [UInt16] = {
    let digits = Array("0123456789abcdef".utf8)
    return (0..<256).map { UInt16(digits[$0 >> 4]) | UInt16(digits[$0 & 15]) << 8 }
  }()

  /// Makes an id and shows its 36 characters to `body`.
  static func make(_ random: inout RandomGenerator, _ body: (ByteView) -> Void) {
    let high = random.next() & ~0xf000 | 0x4000
    let low = random.next() & ~(3 << 62) | 1 << 63
    var text: InlineArray<36, UInt8> = .init(repeating: UInt8(ascii: "-"))
    withUnsafeMutableBytes(of: &text) { text in
      var place = 0
      for index in 0..<16 {
        if index == 4 || index == 6 || index == 8 || index == 10 { place += 1 }
        let word = index < 8 ? high : low
        let byte = UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * (index & 7)))
        text.storeBytes(of: hexadecimal[Int(byte)], toByteOffset: place, as: UInt16.self)
        place += 2
      }
      body(ByteView(UnsafeRawBufferPointer(text)))
    }
  }
}
