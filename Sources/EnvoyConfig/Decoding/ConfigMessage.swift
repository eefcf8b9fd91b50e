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

/// What is known about one field of a message.
package struct FieldDescription: Sendable, Hashable {
  package enum Support: Sendable {
    case supported
    /// Envoy has it; only a value that means nothing (false, 0, an empty list) is accepted.
    case unsupported
    /// Accepted whatever it says, because it changes nothing here.
    case withoutEffect
  }

  package let name: String
  package let support: Support
  /// What holds when the field is absent, as JSON would say it; `required`, or `none`.
  package let defaultValue: String
}

/// The fields of every message that the decoder knows, for docs/configuration.md and for "did you mean".
package struct MessageDescription: Sendable {
  package let typeName: String
  package let fields: [FieldDescription]

  init(_ message: any ConfigMessage.Type) {
    let context = DecodingContext.recording()
    var reader = MessageReader(context: context, node: 0)
    _ = message.init(from: &reader)
    typeName = message.typeName
    fields = context.recorded ?? []
  }
}
