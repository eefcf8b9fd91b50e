import EnvoyConfig

/// What filters say of a request to those behind them, by namespace and key (Envoy's dynamic metadata): the claims of a
/// token, say.
final class DynamicMetadata {
  private(set) var namespaces: [(name: String, value: StructValue)] = []

  /// Nil where nobody has said anything in the namespace.
  subscript(namespace: String) -> StructValue? { namespaces.first { $0.name == namespace }?.value }

  /// Sets a key of a namespace; another value of the same key goes.
  func set(_ namespace: String, _ key: String, _ value: StructValue) {
    let member = StructValue.Member(name: key, value: value)
    guard let index = namespaces.firstIndex(where: { $0.name == namespace }) else {
      return namespaces.append((namespace, .object([member])))
    }
    guard case .object(var members) = namespaces[index].value else { return }
    members.removeAll { $0.name == key }
    members.append(member)
    namespaces[index].value = .object(members)
  }
}

extension DynamicMetadata? {
  /// Made when the first filter has something to say.
  var orMade: DynamicMetadata {
    mutating get {
      if let self { return self }
      let made = DynamicMetadata()
      self = made
      return made
    }
  }
}
