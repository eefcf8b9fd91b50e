import Reactor

/// The encoding of JSON Web Tokens (RFC 4648 §5).
package enum Base64URL {
  /// The bytes that the text stands for; nil where a character is none of the alphabet's, the length is none that
  /// bytes can have, or the padding, which may be left out, is wrong. As Envoy, white space counts for nothing.
  package static func decode(_ text: ByteView) -> [UInt8]? {
    guard text.buffer.contains(where: isSpace) else { return decodeWhole(text) }
    let dense = text.buffer.filter { !isSpace($0) }
    return dense.withUnsafeBytes { decodeWhole(ByteView($0)) }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 9...13 ~= byte }

  private static func decodeWhole(_ text: ByteView) -> [UInt8]? {
    var count = text.count
    while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
    guard count == text.count || text.count % 4 == 0, count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count / 4 * 3 + 2)
    var bits: UInt32 = 0
    var width = 0
    for index in 0..<count {
      let value = alphabet[Int(text[index])]
      guard value != invalid else { return nil }
      bits = bits << 6 | UInt32(value)
      width += 6
      if width >= 8 {
        width -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(width)))
      }
    }
    return bytes
  }

  private static let invalid: UInt8 = 0xff

  private static let alphabet: [UInt8] = {
    var table = [UInt8](repeating: invalid, count: 256)
    for (value, byte) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8.enumerated() {
      table[Int(byte)] = UInt8(truncatingIfNeeded: value)
    }
    return table
  }()
}
