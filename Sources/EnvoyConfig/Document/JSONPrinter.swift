extension DocumentNode {
  /// Appends the value as JSON as Envoy's `/config_dump` lays it out: one blank a level, one member a line, fields by their
  /// snake_case names, secrets as `[redacted]`. The first line is not indented; the following ones are, `level` deep at least.
  package func appendJSON(to output: inout [UInt8], level: Int = 0) {
    let printer = JSONPrinter(
      document: document, names: document.canonicalNames, redacted: document.redactedNodes)
    printer.append(index, to: &output, level: level)
  }

  /// The value as JSON text, laid out as by `appendJSON`.
  package var json: String {
    var output: [UInt8] = []
    appendJSON(to: &output)
    return String(decoding: output, as: UTF8.self)
  }
}

private struct JSONPrinter {
  let document: Document
  let names: [Int: String]
  let redacted: Set<Int>

  /// - Parameter isSecret: whether what holds the value is to be redacted.
  func append(_ index: Int, to output: inout [UInt8], level: Int, isSecret: Bool = false) {
    let node = document.nodes[index]
    let isSecret = isSecret || redacted.contains(index)
    switch node.kind {
    case .object: appendChildren(of: index, between: "{", and: "}", to: &output, level: level, isSecret: isSecret)
    case .array: appendChildren(of: index, between: "[", and: "]", to: &output, level: level, isSecret: isSecret)
    case .string where isSecret: Self.append(quoted: "[redacted]".utf8, to: &output)
    case .string, .key: Self.append(quoted: document.bytes[node.textRange], to: &output)
    case .null, .bool, .number: output.append(contentsOf: document.bytes[node.textRange])
    }
  }

  private func appendChildren(
    of parent: Int, between opening: Unicode.Scalar, and closing: Unicode.Scalar, to output: inout [UInt8], level: Int,
    isSecret: Bool
  ) {
    let isObject = document.nodes[parent].kind == .object
    output.append(UInt8(ascii: opening))
    var child = parent + 1
    let end = Int(document.nodes[parent].end)
    while child < end {
      newLine(level + 1, to: &output)
      if isObject {
        appendName(child, to: &output)
        child += 1
      }
      append(child, to: &output, level: level + 1, isSecret: isSecret)
      child = Int(document.nodes[child].end)
      if child < end { output.append(UInt8(ascii: ",")) }
    }
    if end > parent + 1 { newLine(level, to: &output) }
    output.append(UInt8(ascii: closing))
  }

  private func appendName(_ key: Int, to output: inout [UInt8]) {
    if let name = names[key] {
      Self.append(quoted: name.utf8, to: &output)
    } else {
      append(key, to: &output, level: 0)
    }
    output.append(UInt8(ascii: ":"))
    output.append(UInt8(ascii: " "))
  }

  private func newLine(_ level: Int, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\n"))
    output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: level))
  }

  /// Escapes what protobuf's printer escapes, the angle brackets among it.
  private static func append(quoted text: some Sequence<UInt8>, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        output.append(UInt8(ascii: "\\"))
        output.append(byte)
      case 8: output.append(contentsOf: #"\b"#.utf8)
      case 9: output.append(contentsOf: #"\t"#.utf8)
      case 10: output.append(contentsOf: #"\n"#.utf8)
      case 12: output.append(contentsOf: #"\f"#.utf8)
      case 13: output.append(contentsOf: #"\r"#.utf8)
      case 0..<0x20, 0x7f, UInt8(ascii: "<"), UInt8(ascii: ">"):
        output.append(contentsOf: #"\u00"#.utf8)
        output.append(hexDigit(byte >> 4))
        output.append(hexDigit(byte & 15))
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
