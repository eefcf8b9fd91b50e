/// One of Envoy's messages, as it is read from JSON or YAML.
protocol ConfigMessage {
  /// Its full protobuf name.
  static var typeName: String { get }
  /// Takes every field from `reader`; what is missing or wrong keeps its default, and the reader notes the errors.
  init(from reader: inout MessageReader)
}

/// One of Envoy's enums.
protocol ConfigEnum: Equatable {
  /// Every value that Envoy has: its name, its number, and nil for one that Pillion does not support yet.
  static var values: [(name: StaticString, number: Int32, value: Self?)] { get }
}
