import EnvoyConfig

/// What `typed_per_filter_config` says to a connection manager's filters for the requests of one route: for each filter the
/// word of the most specific level that has one (weighted cluster, route, virtual host, route configuration), as a whole.
final class RouteFilterConfigs: Sendable {
  /// A bit for each filter that is left out, by its place.
  let skipped: UInt64
  private let configs: [RouteFilterConfig?]

  /// - Parameters:
  ///   - filters: at most ``HTTPFilterLimits/count``.
  ///   - levels: the most specific one first.
  init(_ filters: [HttpFilter], _ levels: [[String: FilterConfig]], _ compiler: RouteFilterConfigCompiler) {
    let words = filters.map { filter in levels.lazy.compactMap { $0[filter.name] }.first }
    configs = words.map { $0.flatMap(compiler.compile) }
    var skipped: UInt64 = 0
    // The last one answers: there is no doing without it.
    for (place, (filter, word)) in zip(filters, words).enumerated().dropLast() where word?.disabled ?? filter.disabled {
      skipped |= 1 << UInt64(place)
    }
    self.skipped = skipped
  }

  /// What the route says to the filter at `place`; nil: its own configuration stands.
  func config(at place: Int) -> RouteFilterConfig? { place < configs.count ? configs[place] : nil }
}

enum HTTPFilterLimits {
  /// Filters of one connection manager: a bit for each.
  static let count = 64
}

/// What a route says to one filter, ready for use.
enum RouteFilterConfig: Sendable {
  case rbac(RBACPolicies)
  case jwtAuthn(JwtPerRouteConfig)
}

/// Compiles what routes say to filters, each word of the file once, whoever inherits it.
final class RouteFilterConfigCompiler {
  private var made: [SourceLocation: RouteFilterConfig] = [:]

  /// Nil where a word only leaves the filter out, or brings it back.
  func compile(_ config: FilterConfig) -> RouteFilterConfig? {
    guard let word = config.config else { return nil }
    if config.origin != .none, let known = made[config.origin] { return known }
    let compiled: RouteFilterConfig =
      switch word {
      case .rbac(let perRoute): .rbac(RBACPolicies(perRoute.rbac))
      case .jwtAuthn(let perRoute): .jwtAuthn(perRoute)
      }
    made[config.origin] = compiled
    return compiled
  }
}
