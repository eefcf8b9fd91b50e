extension FractionalPercent.DenominatorType: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("HUNDRED", 0, .hundred), ("TEN_THOUSAND", 1, .tenThousand), ("MILLION", 2, .million),
  ]
}

extension FractionalPercent: ConfigMessage {
  static let typeName = "envoy.type.v3.FractionalPercent"

  init(from reader: inout MessageReader) {
    reader.integer("numerator", &numerator)
    reader.enumeration("denominator", &denominator)
  }
}

extension RuntimeFractionalPercent: ConfigMessage {
  static let typeName = "envoy.config.core.v3.RuntimeFractionalPercent"

  init(from reader: inout MessageReader) {
    reader.requiredMessage("default_value", &defaultValue)
    reader.string("runtime_key", &runtimeKey)
  }
}

extension RuntimeUInt32: ConfigMessage {
  static let typeName = "envoy.config.core.v3.RuntimeUInt32"

  init(from reader: inout MessageReader) {
    reader.integer("default_value", &defaultValue)
    reader.string("runtime_key", &runtimeKey)
  }
}

extension RuntimeDouble: ConfigMessage {
  static let typeName = "envoy.config.core.v3.RuntimeDouble"

  init(from reader: inout MessageReader) {
    reader.double("default_value", &defaultValue)
    reader.string("runtime_key", &runtimeKey)
  }
}

extension Int64Range: ConfigMessage {
  static let typeName = "envoy.type.v3.Int64Range"

  init(from reader: inout MessageReader) {
    reader.integer("start", &start)
    reader.integer("end", &end)
  }
}

/// `envoy.type.v3.Percent`.
struct Percent: ConfigMessage {
  static let typeName = "envoy.type.v3.Percent"
  var value = 0.0

  init(_ value: Double) { self.value = value }

  init(from reader: inout MessageReader) {
    reader.double("value", &value, in: 0...100)
  }
}

extension MessageReader {
  /// A field of the type `envoy.type.v3.Percent`.
  mutating func percent(_ name: StaticString, _ value: inout Double) {
    describe(name, "{\"value\": \(value)}")
    guard let index = find(name) else { return }
    value = context.decode(Percent.self, at: index).value
  }
}
