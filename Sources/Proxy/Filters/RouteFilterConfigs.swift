import EnvoyConfig

/// What `typed_per_filter_config` says to a connection manager's filters for the requests of one route: for each filter the
/// word of the most specific level that has one (weighted cluster, route, virtual host, route configuration), as a whole.
final class RouteFilterConfigs: Sendable {
  /// A bit for each filter that is left out, by its place.
  let skipped: UInt64
  private let configs: [FilterConfig.Config?]

  /// - Parameters:
  ///   - filters: at most ``HTTPFilterLimits/count``.
  ///   - levels: the most specific one first.
  init(_ filters: [HttpFilter], _ levels: [[String: FilterConfig]]) {
    let words = filters.map { filter in levels.lazy.compactMap { $0[filter.name] }.first }
    configs = words.map { $0?.config }
    var skipped: UInt64 = 0
    // The last one answers: there is no doing without it.
    for (place, (filter, word)) in zip(filters, words).enumerated().dropLast() where word?.disabled ?? filter.disabled {
      skipped |= 1 << UInt64(place)
    }
    self.skipped = skipped
  }

  /// What the route says to the filter at `place`; nil: its own configuration stands.
  func config(at place: Int) -> FilterConfig.Config? { place < configs.count ? configs[place] : nil }
}

enum HTTPFilterLimits {
  /// Filters of one connection manager: a bit for each.
  static let count = 64
}
