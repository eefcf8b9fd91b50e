import EnvoyConfig
import Reactor

/// A compiled path specifier of a `RouteMatch`. Paths come without their query.
struct PathMatcher: Sendable, BitwiseCopyable {
  enum Specifier: Sendable, BitwiseCopyable {
    case prefix(ConstantBytes)
    case path(ConstantBytes)
    case pathSeparatedPrefix(ConstantBytes)
    case safeRegex(ConstantRegex)
    case connect
  }

  let specifier: Specifier
  let caseSensitive: Bool

  init(_ config: EnvoyConfig.RouteMatch, arena: RouteArena) {
    caseSensitive = config.caseSensitive
    switch config.pathSpecifier {
    case .prefix(let prefix): specifier = .prefix(arena.bytes(prefix))
    case .path(let path): specifier = .path(arena.bytes(path))
    case .pathSeparatedPrefix(let prefix): specifier = .pathSeparatedPrefix(arena.bytes(prefix))
    case .safeRegex(let regex): specifier = .safeRegex(arena.regex(regex))
    case .connectMatcher: specifier = .connect
    }
  }

  func matches(_ path: ByteView) -> Bool {
    switch specifier {
    case .prefix(let prefix): return hasPrefix(path, prefix.view)
    case .path(let wanted): return path.count == wanted.count && hasPrefix(path, wanted.view)
    case .pathSeparatedPrefix(let prefix):
      guard hasPrefix(path, prefix.view) else { return false }
      return path.count == prefix.count || path[prefix.count] == UInt8(ascii: "/")
    case .safeRegex(let regex): return regex.fullMatch(path)
    case .connect: return false
    }
  }

  /// Whether it stands for CONNECT requests, which have no path.
  var isConnect: Bool {
    if case .connect = specifier { return true }
    return false
  }

  /// How much of a path that matched is what `prefix_rewrite` replaces: for a regular expression all of it.
  func matchedLength(of path: ByteView) -> Int {
    switch specifier {
    case .prefix(let prefix), .path(let prefix), .pathSeparatedPrefix(let prefix): min(prefix.count, path.count)
    case .safeRegex, .connect: path.count
    }
  }

  private func hasPrefix(_ path: ByteView, _ prefix: ByteView) -> Bool {
    caseSensitive ? path.hasPrefix(prefix) : path.prefix(prefix.count).equalsIgnoringCase(prefix)
  }
}

extension ByteView {
  /// The part before the query (and before a fragment, which the connection manager has refused by then).
  var withoutQuery: ByteView {
    let path = firstIndex(of: UInt8(ascii: "?")).map(prefix) ?? self
    return path.firstIndex(of: UInt8(ascii: "#")).map(path.prefix) ?? path
  }
}
