import EnvoyConfig
import Reactor

/// A compiled `envoy.type.matcher.v3.MetadataMatcher`.
struct MetadataMatcher: Sendable {
  /// The namespace that is looked into.
  let filter: String
  private let path: [String]
  private let value: ValueMatcher
  private let invert: Bool

  init(_ config: EnvoyConfig.MetadataMatcher, arena: RouteArena) {
    filter = config.filter
    path = config.path
    value = ValueMatcher(config.value, arena: arena)
    invert = config.invert
  }

  /// - Parameter namespace: what is under `filter`; nil where nothing is.
  func matches(_ namespace: StructValue?) -> Bool {
    var found = namespace
    for name in path {
      guard case .object(let members) = found else {
        found = nil
        break
      }
      found = members.first { $0.name == name }?.value
    }
    return value.matches(found) != invert
  }
}

/// A compiled `envoy.type.matcher.v3.ValueMatcher`.
indirect enum ValueMatcher: Sendable {
  case null
  case double(DoubleMatcher)
  case string(StringMatcher)
  case bool(Bool)
  case present(Bool)
  case list(ValueMatcher)
  case or([ValueMatcher])

  init(_ config: EnvoyConfig.ValueMatcher, arena: RouteArena) {
    switch config {
    case .nullMatch: self = .null
    case .doubleMatch(let matcher): self = .double(matcher)
    case .stringMatch(let matcher): self = .string(StringMatcher(matcher, arena: arena))
    case .boolMatch(let wanted): self = .bool(wanted)
    case .presentMatch(let wanted): self = .present(wanted)
    case .listMatch(let matcher): self = .list(ValueMatcher(matcher, arena: arena))
    case .orMatch(let matchers): self = .or(matchers.map { ValueMatcher($0, arena: arena) })
    }
  }

  /// - Parameter value: nil where there is none.
  func matches(_ value: StructValue?) -> Bool {
    switch (self, value) {
    // As Envoy: what is not there cannot be asked for.
    case (.present(let wanted), _): return value != nil && wanted
    case (.or(let matchers), _): return matchers.contains { $0.matches(value) }
    case (.null, .null): return true
    case (.bool(let wanted), .bool(let bool)): return bool == wanted
    case (.double(.exact(let wanted)), .number(let number)): return number == wanted
    case (.double(.range(let start, let end)), .number(let number)): return number >= start && number < end
    case (.string(let matcher), .string(let text, _)): return matcher.matches(text)
    case (.list(let matcher), .list(let elements)): return elements.contains { matcher.matches($0) }
    default: return false
    }
  }
}
