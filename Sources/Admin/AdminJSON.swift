import EnvoyConfig
import Telemetry

/// JSON that keeps its members' order, printed as Envoy prints messages: one blank a level, one member a line.
package indirect enum AdminJSON: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([AdminJSON])
  case object([(name: String, value: AdminJSON)])
  /// A part of a configuration, printed as it was written.
  case document(DocumentNode)

  package static func integer(_ value: some BinaryInteger) -> AdminJSON { .number(Double(value)) }

  package var text: String {
    var output: [UInt8] = []
    append(to: &output, level: 0)
    return String(decoding: output, as: UTF8.self)
  }

  /// The members of an object, whether built or read; none for anything else.
  var members: [(name: String, value: AdminJSON)] {
    switch self {
    case .object(let members): members
    case .document(let node): node.members.map { ($0.name, .document($0.value)) }
    default: []
    }
  }

  subscript(name: String) -> AdminJSON? {
    members.first { $0.name == name }?.value
  }

  var isArray: Bool {
    switch self {
    case .array: true
    case .document(let node): !node.elements.isEmpty
    default: false
    }
  }

  var stringValue: String? {
    switch self {
    case .string(let text): text
    case .document(let node): node.string
    default: nil
    }
  }

  private func append(to output: inout [UInt8], level: Int) {
    switch self {
    case .null: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .number(let value): output += NumberText.shortest(value).utf8
    case .string(let text): Self.append(quoted: text, to: &output)
    case .array(let elements):
      Self.append(elements, "[", "]", to: &output, level: level) { $0.append(to: &$1, level: level + 1) }
    case .object(let members):
      Self.append(members, "{", "}", to: &output, level: level) { member, output in
        Self.append(quoted: member.name, to: &output)
        output += ": ".utf8
        member.value.append(to: &output, level: level + 1)
      }
    case .document(let node): node.appendJSON(to: &output, level: level)
    }
  }

  /// Protobuf's printer escapes angle brackets too.
  private static func append(quoted text: String, to output: inout [UInt8]) {
    for byte in JSONText.quoted(text).utf8 {
      switch byte {
      case 0x3c: output += "\\u003c".utf8
      case 0x3e: output += "\\u003e".utf8
      default: output.append(byte)
      }
    }
  }

  private static func append<Element>(
    _ elements: [Element], _ opening: String, _ closing: String, to output: inout [UInt8], level: Int,
    _ print: (Element, inout [UInt8]) -> Void
  ) {
    output += opening.utf8
    for (index, element) in elements.enumerated() {
      output += (index == 0 ? "\n" : ",\n").utf8
      output += repeatElement(0x20, count: level + 1)
      print(element, &output)
    }
    if !elements.isEmpty {
      output.append(0x0a)
      output += repeatElement(0x20, count: level)
    }
    output += closing.utf8
  }
}
