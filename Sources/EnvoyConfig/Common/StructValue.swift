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
  }
}
