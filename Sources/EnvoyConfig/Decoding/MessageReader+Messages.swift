extension MessageReader {
  // MARK: Messages

  mutating func message<Message: ConfigMessage>(_ name: StaticString, _ value: inout Message) {
    describe(name, "{}")
    if let index = find(name) { value = context.decode(at: index) }
  }

  mutating func message<Message: ConfigMessage>(
    _ name: StaticString, _ value: inout Message?, isRequired: Bool = false
  ) {
    describe(name, isRequired ? "required" : "none")
    guard let index = find(name) else {
      if isRequired { reportMissing(name) }
      return
    }
    value = context.decode(at: index)
  }

  mutating func requiredMessage<Message: ConfigMessage>(_ name: StaticString, _ value: inout Message) {
    describe(name, "required")
    guard let index = find(name) else { return reportMissing(name) }
    value = context.decode(at: index)
  }

  mutating func messages<Message: ConfigMessage>(
    _ name: StaticString, _ value: inout [Message], minItems: Int = 0, maxItems: Int = .max
  ) {
    value = elements(name, minItems: minItems, maxItems: maxItems).map { context.decode(at: $0) }
  }

  // MARK: Oneofs

  /// Which one of a oneof's fields is given, by name. Two are refused, and none when the oneof is required. The caller
  /// reads the one that is given; those in `unsupported` are refused here.
  mutating func oneof(
    _ oneof: StaticString, isRequired: Bool = false, of names: StaticString..., unsupported: [StaticString] = []
  ) -> String? {
    self.oneof(oneof, isRequired: isRequired, of: names, unsupported: unsupported)
  }

  /// The same, with the index of the value that is given.
  mutating func chosen(
    _ oneof: StaticString, isRequired: Bool = false, of names: StaticString..., unsupported: [StaticString] = []
  ) -> (name: String, index: Int)? {
    let choice = self.oneof(oneof, isRequired: isRequired, of: names, unsupported: unsupported)
    guard let name = names.first(where: { "\($0)" == choice }), let index = find(name) else { return nil }
    return ("\(name)", index)
  }

  private mutating func oneof(
    _ oneof: StaticString, isRequired: Bool, of names: [StaticString], unsupported: [StaticString]
  ) -> String? {
    for name in names { describe(name, isRequired ? "one of \(oneof), required" : "one of \(oneof)") }
    let all = names + unsupported
    let given = all.filter { has($0) }
    for name in unsupported { refuseOneof(name) }
    if given.count > 1 { reportSeveral(given) }
    if given.isEmpty { reportNone(of: names, oneof: oneof, isRequired: isRequired) }
    let chosen = given.first.map { "\($0)" }
    // The others were asked for as well, though nobody reads them.
    for name in names where "\(name)" != chosen { _ = find(name) }
    return chosen
  }

  private func reportNone(of names: [StaticString], oneof: StaticString, isRequired: Bool) {
    guard isRequired, context.document.nodes[node].kind == .object, context.recorded == nil else { return }
    if let only = names.first, names.count == 1 {
      return context.report(node, field: only, "is required", allowed: "give it a value")
    }
    let list = names.map { "\($0)" }.joined(separator: ", ")
    context.report(node, field: oneof, "is required", allowed: "one of \(list) is allowed")
  }

  private func reportSeveral(_ names: [StaticString]) {
    let places = names.compactMap { name in
      key(of: name).map { (name: name, key: $0) }
    }.sorted { $0.key < $1.key }
    guard let first = places.first else { return }
    for other in places.dropFirst() {
      context.report(
        other.key, "excludes \(first.name), which is given at \(context.document.location(of: first.key))",
        allowed: "give one of them")
    }
  }

  // MARK: Free values

  /// The node of an object of free form, such as metadata.
  mutating func object(_ name: StaticString, _ value: inout DocumentNode?) {
    describe(name, "none")
    guard let index = find(name) else { return }
    guard context.document.nodes[index].kind == .object else {
      context.report(index, context.found(index), allowed: "an object is allowed")
      return
    }
    value = DocumentNode(document: context.document, index: index)
  }

  /// A `google.protobuf.Struct`.
  mutating func structValue(_ name: StaticString) -> StructValue? {
    describe(name, "none")
    guard let index = find(name) else { return nil }
    guard context.document.nodes[index].kind == .object else {
      context.report(index, context.found(index), allowed: "an object is allowed")
      return nil
    }
    return context.structValue(at: index)
  }

  /// The members of a map, by their keys.
  mutating func map(_ name: StaticString) -> [(key: Int, value: Int)] {
    describe(name, "{}")
    guard let index = find(name) else { return [] }
    let nodes = context.document.nodes
    guard nodes[index].kind == .object else {
      context.report(index, context.found(index), allowed: "an object is allowed")
      return []
    }
    var members: [(key: Int, value: Int)] = []
    var key = index + 1
    while key < Int(nodes[index].end) {
      members.append((key, key + 1))
      key = Int(nodes[key + 1].end)
    }
    return members
  }
}

extension DecodingContext {
  /// Free JSON at `index`. The parser's depth limit bounds the recursion.
  func structValue(at index: Int) -> StructValue {
    let node = document.nodes[index]
    switch node.kind {
    case .null: return .null
    case .bool: return .bool(document.bytes[node.textRange].elementsEqual("true".utf8))
    case .number: return .number(ScalarText.double(document.bytes[node.textRange]) ?? 0)
    case .string, .key: return .string(document.text(of: index), origin: document.location(of: index))
    case .array:
      return .list(children(of: index).map { structValue(at: $0) })
    case .object:
      return .object(
        children(of: index).map { StructValue.Member(name: document.text(of: $0), value: structValue(at: $0 + 1)) })
    }
  }

  /// The keys of an object, the elements of a list.
  private func children(of parent: Int) -> [Int] {
    let isObject = document.nodes[parent].kind == .object
    var children: [Int] = []
    var child = parent + 1
    while child < Int(document.nodes[parent].end) {
      children.append(child)
      child = Int(document.nodes[isObject ? child + 1 : child].end)
    }
    return children
  }
}
