import EnvoyConfig
import Reactor

/// A compiled `envoy.config.route.v3.QueryParameterMatcher`: looks at the first parameter of the name, undecoded.
struct QueryParameterMatcher: Sendable, BitwiseCopyable {
  private enum Specifier: Sendable, BitwiseCopyable {
    case present(Bool)
    case string(StringMatcher)
  }

  private let name: ConstantBytes
  private let specifier: Specifier

  init(_ config: EnvoyConfig.QueryParameterMatcher, arena: RouteArena) {
    name = arena.bytes(config.name)
    switch config.specifier {
    case .present(let wanted): specifier = .present(wanted)
    case .string(let matcher): specifier = .string(StringMatcher(matcher, arena: arena))
    }
  }

  /// `query`: what stands after the question mark.
  func matches(query: ByteView) -> Bool {
    let value = value(in: query)
    switch specifier {
    case .present(let wanted): return (value != nil) == wanted
    case .string(let matcher): return value.map(matcher.matches) ?? false
    }
  }

  private func value(in query: ByteView) -> ByteView? {
    var rest = query
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.count
      let parameter = rest.prefix(end)
      let nameEnd = parameter.firstIndex(of: UInt8(ascii: "=")) ?? parameter.count
      if parameter.prefix(nameEnd) == name.view { return parameter.dropFirst(nameEnd + 1) }
      rest = rest.dropFirst(end + 1)
    }
    return nil
  }
}
