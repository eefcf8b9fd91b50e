import EnvoyConfig
import Reactor

/// A compiled `envoy.type.matcher.v3.StringMatcher`.
struct StringMatcher: Sendable, BitwiseCopyable {
  private enum Pattern: Sendable, BitwiseCopyable {
    case exact(ConstantBytes)
    case prefix(ConstantBytes)
    case suffix(ConstantBytes)
    case contains(ConstantBytes)
    case safeRegex(ConstantRegex)
  }

  private let pattern: Pattern
  private let ignoreCase: Bool

  init(_ config: EnvoyConfig.StringMatcher, arena: RouteArena) {
    ignoreCase = config.ignoreCase
    switch config.matchPattern {
    case .exact(let text): pattern = .exact(arena.bytes(text))
    case .prefix(let text): pattern = .prefix(arena.bytes(text))
    case .suffix(let text): pattern = .suffix(arena.bytes(text))
    case .contains(let text): pattern = .contains(arena.bytes(text))
    case .safeRegex(let regex): pattern = .safeRegex(arena.regex(regex))
    }
  }

  func matches(_ text: ByteView) -> Bool {
    switch pattern {
    case .exact(let wanted): text.count == wanted.count && equal(text, wanted.view)
    case .prefix(let wanted): text.count >= wanted.count && equal(text.prefix(wanted.count), wanted.view)
    case .suffix(let wanted):
      text.count >= wanted.count && equal(text.dropFirst(text.count - wanted.count), wanted.view)
    case .contains(let wanted): contains(text, wanted.view)
    case .safeRegex(let regex): regex.fullMatch(text)
    }
  }

  private func equal(_ text: ByteView, _ wanted: ByteView) -> Bool {
    ignoreCase ? text.equalsIgnoringCase(wanted) : text == wanted
  }

  private func contains(_ text: ByteView, _ wanted: ByteView) -> Bool {
    if !ignoreCase { return text.contains(wanted) }
    var start = 0
    while start + wanted.count <= text.count {
      if text[start..<start + wanted.count].equalsIgnoringCase(wanted) { return true }
      start += 1
    }
    return false
  }
}

extension StringMatcher {
  func matches(_ text: String) -> Bool { withBytes(text) { matches($0) } }
}
