/// `google.protobuf.Struct` and its values: free JSON, in the order of the text, each string with its place.
package indirect enum StructValue: Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String, origin: SourceLocation)
  case list([StructValue])
  case object([Member])

  package struct Member: Sendable {
    package var name: String
    package var value: StructValue

    package init(name: String, value: StructValue) {
      self.name = name
      self.value = value
    }
  }
}

extension StructValue {
  /// Whether both are the same JSON value; the order of an object's members does not count.
  package func isEqual(to other: StructValue) -> Bool {
    switch (self, other) {
    case (.null, .null): true
    case (.bool(let left), .bool(let right)): left == right
    case (.number(let left), .number(let right)): left == right
    case (.string(let left, _), .string(let right, _)): left == right
    case (.list(let left), .list(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.isEqual(to: $1) }
    case (.object(let left), .object(let right)): left.count == right.count && right.hasMembers(of: left)
    default: false
    }
  }
}

extension [StructValue.Member] {
  /// Whether each of `other` is here too, with an equal value: how Envoy matches metadata.
  package func hasMembers(of other: [StructValue.Member]) -> Bool {
    other.allSatisfy { wanted in contains { $0.name == wanted.name && $0.value.isEqual(to: wanted.value) } }
  }
}
