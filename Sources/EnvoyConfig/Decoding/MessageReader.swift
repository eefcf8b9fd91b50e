/// Reads the members of one object as the fields of a message. Every field is asked for by its snake_case name, and found
/// under that or its camelCase form; whatever nobody asked for is an unknown field.
///
/// A field that is absent or null leaves the `inout` value at its default.
struct MessageReader {
  let context: DecodingContext
  /// The object.
  let node: Int
  private var members: [Member] = []

  private struct Member {
    var key: Int
    var isUsed = false
  }

  init(context: DecodingContext, node: Int) {
    self.context = context
    self.node = node
    let nodes = context.document.nodes
    guard nodes[node].kind == .object else {
      context.report(node, context.found(node), allowed: "an object is allowed")
      return
    }
    var key = node + 1
    let end = Int(nodes[node].end)
    while key < end {
      members.append(Member(key: key))
      key = Int(nodes[key + 1].end)
    }
  }

  var origin: SourceLocation { context.document.location(of: node) }
  var documentNode: DocumentNode { DocumentNode(document: context.document, index: node) }

  /// Whether the object has no members.
  var isEmpty: Bool { members.isEmpty }

  // MARK: Finding

  /// The index of a field's value; nil when it is absent or null.
  mutating func find(_ name: StaticString) -> Int? {
    guard let position = position(of: name) else { return nil }
    let value = members[position].key + 1
    return context.document.nodes[value].kind == .null ? nil : value
  }

  /// Whether a field is there and not null, without counting as having asked for it.
  func has(_ name: StaticString) -> Bool { key(of: name) != nil }

  /// The key of a field that is there and not null.
  func key(of name: StaticString) -> Int? {
    members.first { member in
      spelling(of: member.key, as: name) != nil && context.document.nodes[member.key + 1].kind != .null
    }?.key
  }

  private mutating func position(of name: StaticString) -> Int? {
    var found: Int?
    var firstSpelling: Spelling?
    for position in members.indices where !members[position].isUsed {
      guard let spelling = spelling(of: members[position].key, as: name) else { continue }
      members[position].isUsed = true
      if spelling == .camelCase { context.document.rename(key: members[position].key, to: "\(name)") }
      // The same spelling twice is told by the parser already.
      if let first = found, firstSpelling != spelling {
        let place = context.document.location(of: members[first].key)
        context.report(
          members[position].key, "\(name) is given twice, already at \(place)", allowed: "give it once")
      } else if found == nil {
        found = position
        firstSpelling = spelling
      }
    }
    return found
  }

  private enum Spelling {
    case snakeCase
    case camelCase
  }

  private func spelling(of key: Int, as name: StaticString) -> Spelling? {
    let document = context.document
    let text = document.nodes[key].textRange
    let count = name.utf8CodeUnitCount
    guard text.count <= count, text.count > 0, document.bytes[text.lowerBound] == name.utf8Start[0] else { return nil }
    if text.count == count {
      // Names of a message often share their length and start; seldom their end too.
      guard document.bytes[text.upperBound - 1] == name.utf8Start[count - 1] else { return nil }
      return name.withUTF8Buffer { document.bytes[text].elementsEqual($0) } ? .snakeCase : nil
    }
    return name.withUTF8Buffer { Self.isCamelCase(document.bytes[text], of: $0) } ? .camelCase : nil
  }

  private static func isCamelCase(_ text: ArraySlice<UInt8>, of name: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = text.startIndex
    var isUpper = false
    for byte in name {
      if byte == UInt8(ascii: "_") {
        isUpper = true
        continue
      }
      guard index < text.endIndex else { return false }
      let isLetter = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
      guard text[index] == (isUpper && isLetter ? byte - 0x20 : byte) else { return false }
      isUpper = false
      index += 1
    }
    return index == text.endIndex
  }

  // MARK: Reporting

  /// Notes what is wrong with a field: at its value when it is there, else at the message.
  mutating func report(_ name: StaticString, _ problem: String, allowed: String = "") {
    // What is no object at all is told already.
    guard context.document.nodes[node].kind == .object else { return }
    if let member = members.first(where: { spelling(of: $0.key, as: name) != nil }) {
      context.report(member.key + 1, problem, allowed: allowed)
    } else {
      context.report(node, field: name, problem, allowed: allowed)
    }
  }

  func report(_ problem: String, allowed: String = "") {
    context.report(node, problem, allowed: allowed)
  }

  mutating func reportMissing(_ name: StaticString) {
    guard context.document.nodes[node].kind == .object, context.recorded == nil else { return }
    report(name, "is required", allowed: "give it a value")
  }

  // MARK: Fields that are not read

  /// Fields that Envoy has and Pillion does not have yet. What means nothing in a plain field is accepted: null, false, 0,
  /// an empty string or list.
  mutating func unsupported(_ names: StaticString...) {
    for name in names { refuse(name) { _ in false } }
  }

  /// The same for messages whose empty object means nothing either.
  mutating func unsupportedUnlessEmpty(_ names: StaticString...) {
    for name in names {
      refuse(name) { node in node.kind == .object && node.count == 0 }
    }
  }

  /// A field that Pillion does not have yet, unless `accepts` says that the text of its scalar changes nothing.
  mutating func unsupported(_ name: StaticString, unless accepts: (String) -> Bool) {
    let document = context.document
    context.record(FieldDescription(name: "\(name)", support: .unsupported, defaultValue: ""))
    guard let value = find(name) else { return }
    let kind = document.nodes[value].kind
    if kind != .object && kind != .array && accepts(document.text(of: value)) { return }
    refuse(value)
  }

  private mutating func refuse(_ name: StaticString, unless accepts: ((kind: Document.Kind, count: Int)) -> Bool) {
    context.record(FieldDescription(name: "\(name)", support: .unsupported, defaultValue: ""))
    guard let value = find(name) else { return }
    let document = context.document
    let node = document.nodes[value]
    switch node.kind {
    case .null: return
    case .bool, .number, .string, .key:
      if ["false", "0", ""].contains(document.text(of: value)) { return }
    case .array:
      if Int(node.end) == value + 1 { return }
    case .object:
      if accepts((kind: node.kind, count: Int(node.end) - value - 1)) { return }
    }
    refuse(value)
  }

  /// A member of a oneof that Pillion does not have yet: there, it is refused whatever it holds.
  mutating func refuseOneof(_ name: StaticString) {
    context.record(FieldDescription(name: "\(name)", support: .unsupported, defaultValue: ""))
    if let value = find(name) { refuse(value) }
  }

  private func refuse(_ value: Int) {
    context.report(
      value, "Envoy has this field, Pillion does not support it yet", allowed: "remove it")
  }

  // MARK: The end

  /// Reports the members that nobody asked for.
  func finish(_ message: any ConfigMessage.Type) {
    let unknown = members.filter { !$0.isUsed }
    guard !unknown.isEmpty else { return }
    let names = MessageDescription(message).fields
    for member in unknown {
      let key = context.document.text(of: member.key)
      context.report(
        member.key, "unknown field of \(message.typeName)", allowed: Self.suggestion(for: key, among: names))
    }
  }

  private static func suggestion(for key: String, among fields: [FieldDescription]) -> String {
    if let near = NearestName.find(snakeCase(key), among: fields.map(\.name)) { return "did you mean \(near)?" }
    let supported = fields.filter { $0.support == .supported }.map(\.name)
    if supported.isEmpty { return "it has no fields" }
    return supported.count <= 20
      ? "its fields are " + supported.joined(separator: ", ") : "docs/configuration.md lists its fields"
  }

  private static func snakeCase(_ name: String) -> String {
    var result = ""
    for character in name {
      if character.isUppercase { result += "_" }
      result += character.lowercased()
    }
    return result
  }
}
