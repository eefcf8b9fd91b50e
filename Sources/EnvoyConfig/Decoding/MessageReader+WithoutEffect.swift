/// What a field without effect holds: even so, it must be of the type that Envoy has.
enum IgnoredValue {
  case bool
  case integer(ClosedRange<UInt32>)
  case string
  case strings
  case duration
  case object
  case objects
  /// An enum, by its names in the order of their numbers.
  case word(String, String)
}

extension MessageReader {
  /// Fields that are accepted whatever they say, since they change nothing here.
  mutating func withoutEffect(_ type: IgnoredValue, _ names: StaticString...) {
    for name in names {
      context.record(FieldDescription(name: "\(name)", support: .withoutEffect, defaultValue: ""))
      guard let index = find(name) else { continue }
      switch type {
      case .bool: _ = context.bool(at: index)
      case .integer(let range): _ = context.integer(at: index, in: range)
      case .string: _ = context.string(at: index)
      case .strings: for element in elements(at: index) { _ = context.string(at: element) }
      case .duration: _ = context.duration(at: index, .any)
      case .object: checkObject(index)
      case .objects: for element in elements(at: index) { checkObject(element) }
      case .word(let first, let second): checkWord(index, [first, second])
      }
    }
  }

  private func checkObject(_ index: Int) {
    guard context.document.nodes[index].kind != .object else { return }
    context.report(index, context.found(index), allowed: "an object is allowed")
  }

  private func checkWord(_ index: Int, _ words: [String]) {
    let text = context.document.nodes[index].kind == .object ? "" : context.document.text(of: index)
    let isWord = words.contains(text.uppercased()) || words.indices.contains { "\($0)" == text }
    if !isWord { context.report(index, context.found(index), allowed: ScalarText.allowed(words)) }
  }
}
