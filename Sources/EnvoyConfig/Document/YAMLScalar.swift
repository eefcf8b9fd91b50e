/// What a YAML scalar is, in JSON's terms, by the rules that Envoy has for YAML: what is quoted is a string; what is plain is
/// null, a boolean or an integer if it looks so, and else a string (fractions too: a field that wants a number reads them
/// from strings).
enum YAMLScalar {
  struct Resolved {
    var kind: Document.Kind
    var text: [UInt8]
  }

  static func resolve(_ value: UnsafeBufferPointer<UInt8>, isPlain: Bool, tag: String?) -> Resolved {
    if tag == "!" || (!isPlain && tag == nil) { return Resolved(kind: .string, text: Array(value)) }
    let text = Array(value)
    if isPlain && tag == nil && nulls.contains(String(decoding: text, as: UTF8.self)) {
      return Resolved(kind: .null, text: Array("null".utf8))
    }
    if text.count <= 5, let bool = bool(text) {
      return Resolved(kind: .bool, text: Array((bool ? "true" : "false").utf8))
    }
    if let integer = integer(text) {
      // As Envoy: JSON numbers stay within 32 bits, larger integers go as text.
      let isSmall = Int64(Int32.min)...Int64(Int32.max) ~= integer
      return Resolved(kind: isSmall ? .number : .string, text: Array(String(integer).utf8))
    }
    return Resolved(kind: .string, text: text)
  }

  private static let nulls: Set<String> = ["", "~", "null", "Null", "NULL"]
  private static let trues: Set<String> = ["y", "yes", "true", "on"]
  private static let falses: Set<String> = ["n", "no", "false", "off"]

  private static func bool(_ text: [UInt8]) -> Bool? {
    let word = String(decoding: text, as: UTF8.self).lowercased()
    if trues.contains(word) { return true }
    return falses.contains(word) ? false : nil
  }

  /// Decimal, `0x` hexadecimal, or octal by a leading zero.
  private static func integer(_ text: [UInt8]) -> Int64? {
    guard let first = text.first, text.count <= 24 else { return nil }
    let isSigned = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
    var digits = isSigned ? text.dropFirst() : text[...]
    guard let leading = digits.first, leading >= UInt8(ascii: "0"), leading <= UInt8(ascii: "9") else { return nil }
    var radix = 10
    if leading == UInt8(ascii: "0"), digits.count > 1 {
      let isHexadecimal = digits.dropFirst().first.map { $0 | 0x20 } == UInt8(ascii: "x")
      radix = isHexadecimal ? 16 : 8
      digits = digits.dropFirst(isHexadecimal ? 2 : 1)
    }
    guard let lead = digits.first, lead != UInt8(ascii: "-"), lead != UInt8(ascii: "+") else { return nil }
    let sign = first == UInt8(ascii: "-") ? "-" : ""
    return Int64(sign + String(decoding: digits, as: UTF8.self), radix: radix)
  }
}
