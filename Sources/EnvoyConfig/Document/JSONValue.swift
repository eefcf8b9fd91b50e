extension StructValue {
  /// Reads JSON that is no configuration: a token's payload, a key set. Nil where it is not JSON, or where an object has a
  /// member twice.
  package static func parse(json bytes: [UInt8]) -> StructValue? {
    guard bytes.count <= Document.maximumByteCount, let builder = try? JSONParser.parse(file: "", bytes: bytes),
      builder.duplicateKeys.isEmpty
    else { return nil }
    return DecodingContext(document: builder.finish()).structValue(at: 0)
  }

  /// The member of an object; nil for anything else, and where there is none of that name.
  package subscript(name: String) -> StructValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// What is found by going into objects by these names.
  package func member(_ path: [String]) -> StructValue? {
    path.reduce(self as StructValue?) { $0?[$1] }
  }

  /// Of a string; nil for anything else.
  package var text: String? {
    guard case .string(let text, _) = self else { return nil }
    return text
  }
}
