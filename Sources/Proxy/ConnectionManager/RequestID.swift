import Reactor

/// x-request-id: a version 4 UUID (RFC 9562 §5.4) from the worker's generator.
enum RequestID {
  /// Characters of an id.
  static let length = 36
  /// Where Envoy marks in an id whether, and why, a request is traced; and the mark of one that is not.
  static let tracePlace = 14
  static let notTraced = UInt8(ascii: "4")

  /// Makes an id and shows its 36 characters to `body`.
  static func make(_ random: inout RandomGenerator, _ body: (ByteView) -> Void) {
    let high = random.next() & ~0xf000 | 0x4000
    let low = random.next() & ~(3 << 62) | 1 << 63
    var text: InlineArray<36, UInt8> = .init(repeating: UInt8(ascii: "-"))
    withUnsafeMutableBytes(of: &text) { text in
      let ends = (hexadecimal(high >> 32), hexadecimal(low & 0xffff_ffff))
      let middle = (hexadecimal(high & 0xffff_ffff), hexadecimal(low >> 32))
      text.storeBytes(of: ends.0, toByteOffset: 0, as: UInt64.self)
      text.storeBytes(of: UInt32(truncatingIfNeeded: middle.0), toByteOffset: 9, as: UInt32.self)
      text.storeBytes(of: UInt32(truncatingIfNeeded: middle.0 >> 32), toByteOffset: 14, as: UInt32.self)
      text.storeBytes(of: UInt32(truncatingIfNeeded: middle.1), toByteOffset: 19, as: UInt32.self)
      text.storeBytes(of: UInt32(truncatingIfNeeded: middle.1 >> 32), toByteOffset: 24, as: UInt32.self)
      text.storeBytes(of: ends.1, toByteOffset: 28, as: UInt64.self)
      body(ByteView(UnsafeRawBufferPointer(text)))
    }
  }

  /// The eight digits of a 32-bit number, the first in the lowest byte: all of them at once, a nibble in each byte.
  private static func hexadecimal(_ number: UInt64) -> UInt64 {
    var nibbles = (number << 16 | number) & 0x0000_ffff_0000_ffff
    nibbles = (nibbles << 8 | nibbles) & 0x00ff_00ff_00ff_00ff
    nibbles = (nibbles << 4 | nibbles) & 0x0f0f_0f0f_0f0f_0f0f
    let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
    let digits = nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 39
    return UInt64(littleEndian: digits.byteSwapped)
  }
}
