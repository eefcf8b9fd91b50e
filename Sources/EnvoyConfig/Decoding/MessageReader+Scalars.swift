/// What a string may hold (Envoy's validation rules).
enum StringRule {
  case any
  /// No NUL, CR or LF, which is all that Envoy's lenient rules for header names and values forbid; at most 16 KiB.
  case header
}

extension MessageReader {
  // MARK: Strings

  mutating func string(
    _ name: StaticString, _ value: inout String, minLength: Int = 0, maxBytes: Int = .max, rule: StringRule = .any
  ) {
    describe(name, minLength > 0 ? "required" : "\"\(value)\"")
    guard let index = find(name) else {
      if minLength > 0 { reportMissing(name) }
      return
    }
    if let text = context.string(at: index, minLength: minLength, maxBytes: maxBytes, rule: rule) { value = text }
  }

  mutating func string(
    _ name: StaticString, _ value: inout String?, minLength: Int = 0, maxBytes: Int = .max, rule: StringRule = .any
  ) {
    describe(name, "none")
    guard let index = find(name) else { return }
    value = context.string(at: index, minLength: minLength, maxBytes: maxBytes, rule: rule)
  }

  mutating func strings(
    _ name: StaticString, _ value: inout [String], minItems: Int = 0, minLength: Int = 0, rule: StringRule = .any
  ) {
    let elements = self.elements(name, minItems: minItems)
    value = elements.compactMap { context.string(at: $0, minLength: minLength, rule: rule) }
  }

  // MARK: Booleans and numbers

  mutating func bool(_ name: StaticString, _ value: inout Bool) {
    describe(name, "\(value)")
    if let index = find(name), let bool = context.bool(at: index) { value = bool }
  }

  mutating func bool(_ name: StaticString, _ value: inout Bool?) {
    describe(name, "none")
    if let index = find(name) { value = context.bool(at: index) }
  }

  mutating func integer<Number: FixedWidthInteger>(
    _ name: StaticString, _ value: inout Number, in range: ClosedRange<Number> = Number.min...Number.max,
    isRequired: Bool = false
  ) {
    describe(name, isRequired ? "required" : "\(value)")
    guard let index = find(name) else {
      if isRequired { reportMissing(name) }
      return
    }
    if let number = context.integer(at: index, in: range) { value = number }
  }

  mutating func integer<Number: FixedWidthInteger>(
    _ name: StaticString, _ value: inout Number?, in range: ClosedRange<Number> = Number.min...Number.max
  ) {
    describe(name, "none")
    if let index = find(name) { value = context.integer(at: index, in: range) }
  }

  mutating func integers<Number: FixedWidthInteger>(
    _ name: StaticString, _ value: inout [Number], in range: ClosedRange<Number> = Number.min...Number.max
  ) {
    value = elements(name).compactMap { context.integer(at: $0, in: range) }
  }

  mutating func double(_ name: StaticString, _ value: inout Double, in range: ClosedRange<Double>? = nil) {
    describe(name, "\(value)")
    if let index = find(name), let number = context.double(at: index, in: range) { value = number }
  }

  // MARK: Durations

  mutating func duration(_ name: StaticString, _ value: inout Duration, _ range: DurationRange = .any) {
    describe(name, "\"\(ScalarText.seconds(value))\"")
    if let index = find(name), let duration = context.duration(at: index, range) { value = duration }
  }

  mutating func duration(
    _ name: StaticString, _ value: inout Duration?, _ range: DurationRange = .any, isRequired: Bool = false
  ) {
    describe(name, isRequired ? "required" : "none")
    guard let index = find(name) else {
      if isRequired { reportMissing(name) }
      return
    }
    value = context.duration(at: index, range)
  }

  // MARK: Enums

  mutating func enumeration<Value: ConfigEnum>(_ name: StaticString, _ value: inout Value) {
    describe(name, Value.values.first { $0.value == value }.map { "\($0.name)" } ?? "none")
    if let index = find(name), let found: Value = context.enumeration(at: index) { value = found }
  }

  // MARK: Helpers

  func describe(_ name: StaticString, _ defaultValue: @autoclosure () -> String) {
    context.record(FieldDescription(name: "\(name)", support: .supported, defaultValue: defaultValue()))
  }

  /// The elements of a list. A single value is taken as a list of one, as Envoy does.
  mutating func elements(_ name: StaticString, minItems: Int = 0, maxItems: Int = .max) -> [Int] {
    describe(name, minItems > 0 ? "required" : "[]")
    guard let index = find(name) else {
      if minItems > 0 { reportMissing(name) }
      return []
    }
    let elements = self.elements(at: index)
    if elements.count < minItems {
      context.report(index, "has too few elements, \(elements.count)", allowed: "at least \(minItems) are allowed")
    } else if elements.count > maxItems {
      context.report(index, "has too many elements, \(elements.count)", allowed: "at most \(maxItems) are allowed")
    }
    return elements
  }

  /// The elements of the list at `index`, or what stands in its place.
  func elements(at index: Int) -> [Int] {
    let nodes = context.document.nodes
    guard nodes[index].kind == .array else { return [index] }
    var elements: [Int] = []
    var element = index + 1
    while element < Int(nodes[index].end) {
      elements.append(element)
      element = Int(nodes[element].end)
    }
    return elements
  }
}
