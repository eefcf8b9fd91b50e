import EnvoyConfig
import Glibc
import Telemetry

/// Claims as header values.
enum JwtClaimText {
  /// Texts as they are, whole numbers without and others with six places, lists and objects as JSON in base64url; nil for
  /// what is empty or null.
  static func header(_ claim: StructValue) -> [UInt8]? {
    switch claim {
    case .null: nil
    case .bool(let value): Array((value ? "true" : "false").utf8)
    case .number(let number): Array(text(number).utf8)
    case .string(let text, _): text.isEmpty ? nil : Array(text.utf8)
    case .list, .object: base64URL(json(claim))
    }
  }

  private static func text(_ number: Double) -> String {
    if number >= 0, let whole = UInt64(exactly: number) { return String(whole) }
    var buffer = [CChar](repeating: 0, count: 400)
    let count = withVaList([number]) { vsnprintf(&buffer, buffer.count, "%f", $0) }
    return String(decoding: buffer.prefix(Int(max(count, 0))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Compact JSON with sorted members, escaped as protobuf does.
  private static func json(_ value: StructValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let number): NumberText.shortest(number)
    case .string(let text, _): quoted(text)
    case .list(let elements): "[" + elements.map { json($0) }.joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.name < $1.name }.map { quoted($0.name) + ":" + json($0.value) }.joined(separator: ",")
        + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var output = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case "\u{8}": output += "\\b"
      case "\u{c}": output += "\\f"
      case "<", ">", "\u{0}"..."\u{1f}", "\u{7f}":
        let digits = String(scalar.value, radix: 16)
        output += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      default: output.unicodeScalars.append(scalar)
      }
    }
    return output + "\""
  }

  /// With padding, as Envoy.
  private static func base64URL(_ text: String) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    let bytes = Array(text.utf8)
    var output: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << ((3 - group.count) * 8)
      for place in 0..<4 {
        output.append(place <= group.count ? alphabet[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "="))
      }
    }
    return output
  }
}

extension StructValue {
  /// With these members, where they are texts, as lists of their words.
  func splittingClaims(_ names: [String]) -> StructValue {
    guard !names.isEmpty, case .object(var members) = self else { return self }
    for index in members.indices where names.contains(members[index].name) {
      guard case .string(let text, let origin) = members[index].value else { continue }
      let words = text.split(separator: " ").map { StructValue.string(String($0), origin: origin) }
      members[index].value = .list(words)
    }
    return .object(members)
  }
}
