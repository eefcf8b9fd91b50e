import Reactor

/// Base64 of bytes that come in pieces, with the standard alphabet and padding.
struct Base64Encoder {
  private var bits: UInt32 = 0
  /// Bytes that wait for a group of three; at most two.
  private var count = 0

  mutating func append(_ bytes: ByteView, to output: inout ByteQueue) {
    for byte in bytes.buffer {
      bits = bits << 8 | UInt32(byte)
      count += 1
      if count < 3 { continue }
      for shift in [18, 12, 6, 0] { output.append(byte: Self.digit(bits >> UInt32(shift))) }
      bits = 0
      count = 0
    }
  }

  /// Pads the last group: what follows begins anew.
  mutating func finish(_ output: inout ByteQueue) {
    defer { self = Base64Encoder() }
    if count == 0 { return }
    let last = bits << UInt32(8 * (3 - count))
    output.append(byte: Self.digit(last >> 18))
    output.append(byte: Self.digit(last >> 12))
    output.append(byte: count == 2 ? Self.digit(last >> 6) : UInt8(ascii: "="))
    output.append(byte: UInt8(ascii: "="))
  }

  private static func digit(_ bits: UInt32) -> UInt8 {
    let value = UInt8(truncatingIfNeeded: bits & 63)
    switch value {
    case 0..<26: return UInt8(ascii: "A") + value
    case 26..<52: return UInt8(ascii: "a") + (value - 26)
    case 52..<62: return UInt8(ascii: "0") + (value - 52)
    case 62: return UInt8(ascii: "+")
    default: return UInt8(ascii: "/")
    }
  }
}

/// The way back. A piece ends where it likes; padding stands only at the end of the groups that one piece completes, as in
/// Envoy.
struct Base64Decoder {
  /// Of the group that is not complete; at most three.
  private(set) var pending = 0
  private var bits: UInt32 = 0
  private var padding = 0

  /// Appends what the complete groups stand for. False when they are no base64.
  mutating func append(_ text: ByteView, to output: inout ByteQueue) -> Bool {
    for byte in text.buffer {
      if pending == 0, padding > 0 { return false }
      if byte == UInt8(ascii: "=") {
        guard pending >= 2 else { return false }
        padding += 1
        bits <<= 6
      } else {
        guard padding == 0, let value = Self.value(byte) else { return false }
        bits = bits << 6 | value
      }
      pending += 1
      if pending == 4, !completeGroup(&output) { return false }
    }
    if pending == 0 { padding = 0 }
    return true
  }

  private mutating func completeGroup(_ output: inout ByteQueue) -> Bool {
    // Bits that no byte takes must be zero.
    if padding > 0, bits & (padding == 1 ? 0xff : 0xffff) != 0 { return false }
    for shift in [16, 8, 0].prefix(3 - padding) {
      output.append(byte: UInt8(truncatingIfNeeded: bits >> UInt32(shift)))
    }
    bits = 0
    pending = 0
    return true
  }

  private static func value(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
