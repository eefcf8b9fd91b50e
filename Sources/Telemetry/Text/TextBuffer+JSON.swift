import Reactor

extension TextBuffer {
  /// Makes what was appended from `start` on fit into a JSON string, as Envoy does: in valid UTF-8 only what JSON
  /// demands is escaped; otherwise every byte above 0x7e, and then quotes and backslashes too, become \u00xx.
  package mutating func escapeJSON(from start: Int) {
    guard needsEscaping(from: start) else { return }
    let raw = copy(from: start)
    truncate(to: start)
    appendEscaped(raw, isText: String(validating: raw, as: UTF8.self) != nil)
  }

  /// Appends a JSON string with its quotes.
  package mutating func append(jsonString text: String) {
    append(byte: 0x22)
    let start = count
    append(text)
    escapeJSON(from: start)
    append(byte: 0x22)
  }

  private func needsEscaping(from start: Int) -> Bool {
    for index in start..<count {
      let byte = bytes[index]
      if byte < 0x20 || byte > 0x7e || byte == 0x22 || byte == 0x5c { return true }
    }
    return false
  }

  private mutating func appendEscaped(_ raw: [UInt8], isText: Bool) {
    for byte in raw {
      switch byte {
      case 0x22 where isText: append("\\\"")
      case 0x5c where isText: append("\\\\")
      case 0x08 where isText: append("\\b")
      case 0x09 where isText: append("\\t")
      case 0x0a where isText: append("\\n")
      case 0x0c where isText: append("\\f")
      case 0x0d where isText: append("\\r")
      case 0x00..<0x20, 0x22, 0x5c: appendUnicode(byte)
      case 0x7f...0xff where !isText: appendUnicode(byte)
      default: append(byte: byte)
      }
    }
  }

  private mutating func appendUnicode(_ byte: UInt8) {
    append("\\u00")
    for nibble in [byte >> 4, byte & 15] {
      append(byte: nibble < 10 ? 0x30 &+ nibble : 0x57 &+ nibble)
    }
  }
}
