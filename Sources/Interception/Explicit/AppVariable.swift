import Proxy

/// A variable of the app's environment (`--env NAME=VALUE`). A `{name:port}` in its value is where the app reaches that port of
/// that name; braces around anything else stay as they are.
package struct AppVariable: Sendable, Equatable {
  private enum Part: Sendable, Equatable {
    case text(String)
    case target(ForwardTarget, text: String)
  }

  let name: String
  private let parts: [Part]

  /// Nil for a text without a name, or with one that has no place in an environment.
  package init?(_ text: String) {
    guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")), equals > text.startIndex, !text.utf8.contains(0)
    else { return nil }
    name = String(text[..<equals])
    parts = Self.parts(of: text[text.utf8.index(after: equals)...])
  }

  /// "NAME=VALUE" of each, the last of each name.
  static func environment(_ variables: [AppVariable], _ place: (ForwardTarget) -> String?) -> [String] {
    var names: Set<String> = []
    return variables.reversed().filter { names.insert($0.name).inserted }.map { "\($0.name)=\($0.value(place))" }
  }

  package var targets: [ForwardTarget] {
    parts.compactMap { part in
      if case .target(let target, _) = part { return target }
      return nil
    }
  }

  /// - Parameter place: where a target is reached; nil: by its own name.
  func value(_ place: (ForwardTarget) -> String?) -> String {
    parts.reduce(into: "") { value, part in
      switch part {
      case .text(let text): value += text
      case .target(let target, let text): value += place(target) ?? text
      }
    }
  }

  private static func parts(of value: Substring) -> [Part] {
    var (found, rest): ([Part], Substring) = ([], value)
    while let open = rest.utf8.firstIndex(of: UInt8(ascii: "{")) {
      let inside = rest[rest.utf8.index(after: open)...]
      guard let close = inside.utf8.firstIndex(of: UInt8(ascii: "}")),
        let target = ForwardTarget(String(inside[..<close]))
      else {
        found.append(.text(String(rest[...open])))
        rest = inside
        continue
      }
      found.append(.text(String(rest[..<open])))
      found.append(.target(target, text: String(inside[..<close])))
      rest = inside[inside.utf8.index(after: close)...]
    }
    return found + [.text(String(rest))]
  }
}
