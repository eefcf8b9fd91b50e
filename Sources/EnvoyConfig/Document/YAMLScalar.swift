/// What a YAML scalar is, in JSON's terms, by the rules that Envoy has for YAML: what is quoted is a string; what is plain is
/// null, a boolean or an integer if it looks so, and else a string (fractions too: a field that wants a number reads them
/// from strings).
enum YAMLScalar {
  /// The kind, and the text where JSON writes it otherwise than YAML.
  static func resolve(
    _ value: UnsafeBufferPointer<UInt8>, isPlain: Bool, tag: String?
  ) -> (kind: Document.Kind, text: String?) {
    if tag == "!" || (!isPlain && tag == nil) || !mayBeSpecial(value) { return (.string, nil) }
    let text = String(decoding: value, as: UTF8.self)
    if isPlain && tag == nil && nulls.contains(text) { return (.null, "null") }
    if let bool = bool(text) { return (.bool, bool ? "true" : "false") }
    guard let integer = integer(Array(value)) else { return (.string, nil) }
    // As Envoy: JSON numbers stay within 32 bits, larger integers go as text.
    let isSmall = Int64(Int32.min)...Int64(Int32.max) ~= integer
    return (isSmall ? .number : .string, String(integer))
  }

  /// Most scalars are told to be plain strings by their length and first byte.
  private static func mayBeSpecial(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = value.first else { return true }
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"): return value.count <= 24
    default: return value.count <= 5
    }
  }

  private static let nulls: Set<String> = ["", "~", "null", "Null", "NULL"]
  private static let trues: Set<String> = ["y", "yes", "true", "on"]
  private static let falses: Set<String> = ["n", "no", "false", "off"]

  private static func bool(_ text: String) -> Bool? {
    let word = text.lowercased()
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
