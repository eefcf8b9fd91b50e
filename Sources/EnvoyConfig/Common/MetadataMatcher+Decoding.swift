extension MetadataMatcher: ConfigMessage {
  static let typeName = "envoy.type.matcher.v3.MetadataMatcher"

  init(from reader: inout MessageReader) {
    reader.string("filter", &filter, minLength: 1)
    let context = reader.context
    path = reader.elements("path", minItems: 1).map { context.decode(PathSegment.self, at: $0).key }
    if let index = reader.findDescribed("value", default: "required") {
      if let matcher = context.decode(ValueMatcherReader.self, at: index).value { value = matcher }
    } else {
      reader.reportMissing("value")
    }
    reader.bool("invert", &invert)
  }

  /// `MetadataMatcher.PathSegment`.
  struct PathSegment: ConfigMessage {
    static let typeName = MetadataMatcher.typeName + ".PathSegment"
    private(set) var key = ""

    init(from reader: inout MessageReader) {
      if reader.oneof("segment", isRequired: true, of: "key") != nil { key = reader.chosenString("key", minLength: 1) }
    }
  }
}

/// `envoy.type.matcher.v3.ValueMatcher`; nil after an error.
struct ValueMatcherReader: ConfigMessage {
  static let typeName = "envoy.type.matcher.v3.ValueMatcher"
  private(set) var value: ValueMatcher?

  init(from reader: inout MessageReader) {
    let choice = reader.chosen(
      "match_pattern", isRequired: true, of: "null_match", "double_match", "string_match", "bool_match",
      "present_match", "list_match", "or_match")
    guard let (name, index) = choice else { return }
    let context = reader.context
    switch name {
    case "null_match":
      _ = context.decode(NullMatch.self, at: index)
      value = .nullMatch
    case "double_match": value = context.decode(DoubleMatcherReader.self, at: index).value.map { .doubleMatch($0) }
    case "string_match": value = .stringMatch(context.decode(at: index))
    case "bool_match": value = context.bool(at: index).map { .boolMatch($0) }
    case "present_match": value = context.bool(at: index).map { .presentMatch($0) }
    case "list_match": value = context.decode(ListMatcherReader.self, at: index).value.map { .listMatch($0) }
    default: value = .orMatch(context.decode(OrMatcherReader.self, at: index).values)
    }
  }

  /// `ValueMatcher.NullMatch`, which has no fields.
  struct NullMatch: ConfigMessage {
    static let typeName = ValueMatcherReader.typeName + ".NullMatch"

    init(from reader: inout MessageReader) {}
  }
}

/// `envoy.type.matcher.v3.DoubleMatcher`; nil after an error.
struct DoubleMatcherReader: ConfigMessage {
  static let typeName = "envoy.type.matcher.v3.DoubleMatcher"
  private(set) var value: DoubleMatcher?

  init(from reader: inout MessageReader) {
    guard let (name, index) = reader.chosen("match_pattern", isRequired: true, of: "range", "exact") else { return }
    if name == "range" {
      let range = reader.context.decode(DoubleRange.self, at: index)
      value = .range(start: range.start, end: range.end)
    } else {
      value = reader.context.double(at: index, in: nil).map { .exact($0) }
    }
  }

  /// `envoy.type.v3.DoubleRange`.
  struct DoubleRange: ConfigMessage {
    static let typeName = "envoy.type.v3.DoubleRange"
    private(set) var start = 0.0
    private(set) var end = 0.0

    init(from reader: inout MessageReader) {
      reader.double("start", &start)
      reader.double("end", &end)
    }
  }
}

/// `envoy.type.matcher.v3.ListMatcher`; nil after an error.
struct ListMatcherReader: ConfigMessage {
  static let typeName = "envoy.type.matcher.v3.ListMatcher"
  private(set) var value: ValueMatcher?

  init(from reader: inout MessageReader) {
    guard let (_, index) = reader.chosen("match_pattern", isRequired: true, of: "one_of") else { return }
    value = reader.context.decode(ValueMatcherReader.self, at: index).value
  }
}

/// `envoy.type.matcher.v3.OrMatcher`.
struct OrMatcherReader: ConfigMessage {
  static let typeName = "envoy.type.matcher.v3.OrMatcher"
  private(set) var values: [ValueMatcher] = []

  init(from reader: inout MessageReader) {
    var readers: [ValueMatcherReader] = []
    reader.messages("value_matchers", &readers, minItems: 2)
    values = readers.compactMap(\.value)
  }
}

extension Int32Range: ConfigMessage {
  static let typeName = "envoy.type.v3.Int32Range"

  init(from reader: inout MessageReader) {
    reader.integer("start", &start)
    reader.integer("end", &end)
  }
}

/// `envoy.type.matcher.v3.PathMatcher`.
struct PathMatcherReader: ConfigMessage {
  static let typeName = "envoy.type.matcher.v3.PathMatcher"
  private(set) var path = StringMatcher()

  init(from reader: inout MessageReader) {
    guard let (_, index) = reader.chosen("rule", isRequired: true, of: "path") else { return }
    path = reader.context.decode(at: index)
  }
}
