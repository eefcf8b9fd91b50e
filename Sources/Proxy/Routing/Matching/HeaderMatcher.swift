import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// A compiled `envoy.config.route.v3.HeaderMatcher`.
struct HeaderMatcher: Sendable, BitwiseCopyable {
  private enum Specifier: Sendable, BitwiseCopyable {
    case present(Bool)
    case range(start: Int64, end: Int64)
    case string(StringMatcher)
  }

  private let name: HeaderField
  private let specifier: Specifier
  private let invertMatch: Bool
  private let treatMissingHeaderAsEmpty: Bool

  init(_ config: EnvoyConfig.HeaderMatcher, arena: RouteArena) {
    name = HeaderField(config.name, arena: arena)
    invertMatch = config.invertMatch
    treatMissingHeaderAsEmpty = config.treatMissingHeaderAsEmpty
    switch config.specifier {
    case .present(let wanted): specifier = .present(wanted)
    case .range(let range): specifier = .range(start: range.start, end: range.end)
    case .string(let matcher): specifier = .string(StringMatcher(matcher, arena: arena))
    }
  }

  /// A field that comes more than once matches with any of its values, and inverted with none, as in Envoy.
  func matches(_ headers: HeaderMap) -> Bool {
    guard let first = name.nextIndex(in: headers, from: 0) else {
      if case .present(let wanted) = specifier {
        return treatMissingHeaderAsEmpty == wanted ? !invertMatch : invertMatch
      }
      // As Envoy: an absent field matches no value, and no inverted one either.
      return treatMissingHeaderAsEmpty && matches(value: .empty) != invertMatch
    }
    if case .present(let wanted) = specifier { return wanted != invertMatch }
    var next: Int? = first
    while let index = next {
      if matches(value: headers.value(at: index)) { return !invertMatch }
      next = name.nextIndex(in: headers, from: index + 1)
    }
    return invertMatch
  }

  private func matches(value: ByteView) -> Bool {
    switch specifier {
    case .present(let wanted): return wanted
    case .range(let start, let end):
      guard let number = signedDecimal(value) else { return false }
      return number >= start && number < end
    case .string(let matcher): return matcher.matches(value)
    }
  }
}
