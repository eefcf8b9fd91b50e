/// Which durations a field takes. None takes negative ones, nor any beyond what 64 bits of nanoseconds hold.
struct DurationRange {
  var lowerBound: Duration = .zero
  var isLowerBoundExcluded = false
  /// Excluded.
  var upperBound: Duration = .seconds(9_223_372_036)

  static let any = DurationRange()
  static let positive = DurationRange(isLowerBoundExcluded: true)
  static let aboveOneMillisecond = DurationRange(lowerBound: .milliseconds(1), isLowerBoundExcluded: true)
  static let atLeastOneMillisecond = DurationRange(lowerBound: .milliseconds(1))

  func contains(_ duration: Duration) -> Bool {
    (isLowerBoundExcluded ? duration > lowerBound : duration >= lowerBound) && duration < upperBound
  }

  /// What is allowed instead of a duration that is not.
  func allowed(insteadOf duration: Duration) -> String {
    if duration >= upperBound { return "a duration less than \(ScalarText.seconds(upperBound)) is allowed" }
    let lower = ScalarText.seconds(lowerBound)
    return isLowerBoundExcluded
      ? "a duration greater than \(lower) is allowed" : "a duration of at least \(lower) is allowed"
  }
}

/// Scalars, each by the rules of protobuf's JSON; nil after an error was noted.
extension DecodingContext {
  func string(at index: Int, minLength: Int = 0, maxBytes: Int = .max, rule: StringRule = .any) -> String? {
    let node = document.nodes[index]
    guard node.kind == .string else {
      let hint = node.kind == .number || node.kind == .bool ? ", in quotes" : ""
      return refuse(index, allowed: "a string is allowed\(hint)")
    }
    if node.count == 0 && minLength > 0 {
      report(index, "is empty", allowed: "a text of at least \(minLength) character is allowed")
      return nil
    }
    let limit = rule == .header ? 16_384 : maxBytes
    if Int(node.count) > limit {
      report(index, "has \(node.count) bytes", allowed: "at most \(limit) are allowed")
      return nil
    }
    if rule == .header, document.bytes[node.textRange].contains(where: { $0 == 0 || $0 == 10 || $0 == 13 }) {
      report(index, "has a NUL, CR or LF", allowed: "a header's text without them is allowed")
      return nil
    }
    return document.text(of: index)
  }

  func bool(at index: Int) -> Bool? {
    let node = document.nodes[index]
    if node.kind == .bool || node.kind == .string {
      if document.bytes[node.textRange].elementsEqual("true".utf8) { return true }
      if document.bytes[node.textRange].elementsEqual("false".utf8) { return false }
    }
    return refuse(index, allowed: "true or false is allowed")
  }

  func integer<Number: FixedWidthInteger>(at index: Int, in range: ClosedRange<Number>) -> Number? {
    let node = document.nodes[index]
    if node.kind == .number || node.kind == .string,
      let number: Number = ScalarText.integer(document.bytes[node.textRange]), range.contains(number)
    {
      return number
    }
    return refuse(
      index, allowed: "a whole number from \(range.lowerBound) to \(range.upperBound) is allowed")
  }

  func double(at index: Int, in range: ClosedRange<Double>?) -> Double? {
    let node = document.nodes[index]
    if node.kind == .number || node.kind == .string,
      let number = ScalarText.double(document.bytes[node.textRange]), range?.contains(number) ?? true
    {
      return number
    }
    let bounds = range.map { " from \($0.lowerBound) to \($0.upperBound)" } ?? ""
    return refuse(index, allowed: "a number\(bounds) is allowed")
  }

  func duration(at index: Int, _ range: DurationRange) -> Duration? {
    let node = document.nodes[index]
    let text = node.kind == .string ? ScalarText.duration(document.bytes[node.textRange]) : nil
    guard let duration = text ?? durationOfParts(at: index) else {
      return refuse(index, allowed: "a duration in seconds is allowed, as \"1.5s\"")
    }
    guard range.contains(duration) else { return refuse(index, allowed: range.allowed(insteadOf: duration)) }
    return duration
  }

  /// What Envoy's own pages write: `{seconds: 1, nanos: 500000000}`.
  private func durationOfParts(at index: Int) -> Duration? {
    guard document.nodes[index].kind == .object else { return nil }
    var duration = Duration.zero
    for (name, value) in DocumentNode(document: document, index: index).members {
      let node = document.nodes[value.index]
      guard node.kind == .number || node.kind == .string,
        let number: Int64 = ScalarText.integer(document.bytes[node.textRange])
      else { return nil }
      switch name {
      case "seconds" where 0...315_576_000_000 ~= number: duration += .seconds(number)
      case "nanos" where 0..<1_000_000_000 ~= number: duration += .nanoseconds(number)
      default: return nil
      }
    }
    return duration
  }

  /// An enum's value by name (in any case, as Envoy takes it) or by number.
  func enumeration<Value: ConfigEnum>(at index: Int) -> Value? {
    let node = document.nodes[index]
    let values = Value.values
    var match: (name: StaticString, number: Int32, value: Value?)?
    if node.kind == .string {
      let text = document.bytes[node.textRange]
      match = values.first { entry in entry.name.withUTF8Buffer { Self.equalIgnoringCase(text, $0) } }
    }
    if match == nil, node.kind == .string || node.kind == .number,
      let number: Int32 = ScalarText.integer(document.bytes[node.textRange])
    {
      match = values.first { $0.number == number }
    }
    let allowed = ScalarText.allowed(values.filter { $0.value != nil }.map { "\($0.name)" })
    guard let match else { return refuse(index, allowed: allowed) }
    if match.value == nil {
      report(
        index, "Envoy has the value \(match.name), Pillion does not support it yet",
        allowed: allowed)
    }
    return match.value
  }

  private static func equalIgnoringCase(_ text: ArraySlice<UInt8>, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    text.count == name.count
      && zip(text, name).allSatisfy { byte, expected in
        (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte - 0x20 : byte) == expected
          || byte == expected
      }
  }

  private func refuse<Value>(_ index: Int, allowed: String) -> Value? {
    report(index, found(index), allowed: allowed)
    return nil
  }
}
