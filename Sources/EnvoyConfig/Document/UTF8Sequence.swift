/// UTF-8 as RFC 3629 §4 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
enum UTF8Sequence {
  /// How many bytes the sequence that starts with the non-ASCII byte at `position` has; 0 when it is malformed.
  static func count(at position: Int, in bytes: [UInt8], limit: Int) -> Int {
    let (count, second) = shape(of: bytes[position])
    guard count > 0, position + count <= limit, second.contains(bytes[position + 1]) else { return 0 }
    for offset in 2..<max(count, 2) where bytes[position + offset] & 0xC0 != 0x80 { return 0 }
    return count
  }

  /// By the first byte: the length, and what the second byte may be.
  private static func shape(of first: UInt8) -> (count: Int, second: ClosedRange<UInt8>) {
    switch first {
    case 0xC2...0xDF: (2, 0x80...0xBF)
    case 0xE0: (3, 0xA0...0xBF)
    case 0xED: (3, 0x80...0x9F)
    case 0xE1...0xEF: (3, 0x80...0xBF)
    case 0xF0: (4, 0x90...0xBF)
    case 0xF1...0xF3: (4, 0x80...0xBF)
    case 0xF4: (4, 0x80...0x8F)
    default: (0, 0x80...0xBF)
    }
  }
}
