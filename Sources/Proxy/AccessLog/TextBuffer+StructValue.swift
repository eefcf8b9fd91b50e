import EnvoyConfig
import Telemetry

extension TextBuffer {
  /// Appends compact JSON, members by their names.
  mutating func append(_ value: StructValue) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .number(let number): append(NumberText.shortest(number))
    case .string(let text, _): append(jsonString: text)
    case .list(let elements): append(elements)
    case .object(let members): append(members)
    }
  }

  private mutating func append(_ elements: [StructValue]) {
    append("[")
    for (index, element) in elements.enumerated() {
      if index > 0 { append(",") }
      append(element)
    }
    append("]")
  }

  private mutating func append(_ members: [StructValue.Member]) {
    append("{")
    let sorted = members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    for (index, member) in sorted.enumerated() {
      if index > 0 { append(",") }
      append(jsonString: member.name)
      append(":")
      append(member.value)
    }
    append("}")
  }
}

extension DynamicMetadata {
  /// Appends what stands at a path, a string without quotes where it `isText`; false where nothing does.
  func append(_ path: MetadataPath, isText: Bool, to output: inout TextBuffer) -> Bool {
    guard let value = self[path.namespace]?.member(path.keys) else { return false }
    if isText, let text = value.text { output.append(text) } else { output.append(value) }
    return true
  }
}
