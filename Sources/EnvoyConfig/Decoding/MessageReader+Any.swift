/// What a `google.protobuf.Any` may hold in a certain place.
struct AnyKind<Value> {
  /// The full name of the message.
  let typeName: String
  let decode: (DecodingContext, Int) -> Value

  init<Message: ConfigMessage>(_: Message.Type, _ wrap: @escaping (Message) -> Value) {
    typeName = Message.typeName
    decode = { context, index in
      var reader = MessageReader(context: context, node: index)
      _ = reader.find("@type")
      let message = Message(from: &reader)
      reader.finish(Message.self)
      return wrap(message)
    }
  }

  private init(typeName: String, decode: @escaping (DecodingContext, Int) -> Value) {
    self.typeName = typeName
    self.decode = decode
  }

  /// The same message, as another value.
  func map<Other>(_ transform: @escaping (Value) -> Other) -> AnyKind<Other> {
    let decode = self.decode
    return AnyKind<Other>(typeName: typeName) { transform(decode($0, $1)) }
  }
}

extension MessageReader {
  /// A field that holds an Any. `known` are the messages that Envoy has in this place, so that one which Pillion does not
  /// have yet is told from one that nobody has.
  mutating func any<Value>(
    _ name: StaticString, isRequired: Bool = true, known: [String] = [], _ kinds: [AnyKind<Value>]
  ) -> Value? {
    describe(name, isRequired ? "required" : "none")
    guard let index = find(name) else {
      if isRequired { reportMissing(name) }
      return nil
    }
    return context.any(at: index, known: known, kinds)
  }
}

extension DecodingContext {
  func any<Value>(at index: Int, known: [String] = [], _ kinds: [AnyKind<Value>]) -> Value? {
    let allowed = kinds.map(\.typeName)
    let list = ScalarText.allowed(allowed.map { "type.googleapis.com/" + $0 })
    guard document.nodes[index].kind == .object else {
      report(index, found(index), allowed: "an object with an @type is allowed")
      return nil
    }
    var reader = MessageReader(context: self, node: index)
    guard let type = reader.find("@type") else {
      report(index, field: "@type", "is required", allowed: list)
      return nil
    }
    guard let url = string(at: type) else { return nil }
    let parts = url.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count > 1, parts.first?.isEmpty == false, let name = parts.last.map(String.init) else {
      report(type, found(type), allowed: "a type URL, " + list)
      return nil
    }
    if let kind = kinds.first(where: { $0.typeName == name }) { return kind.decode(self, index) }
    if known.contains(name) {
      report(type, "Envoy has \(name) here, Pillion does not support it yet", allowed: list)
    } else if let near = NearestName.find(name, among: allowed + known) {
      report(type, "unknown type \(name)", allowed: "did you mean type.googleapis.com/\(near)?")
    } else {
      report(type, "unknown type \(name)", allowed: list)
    }
    return nil
  }
}
