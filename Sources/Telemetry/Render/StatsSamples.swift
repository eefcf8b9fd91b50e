/// The kinds that /stats?type= names.
package enum StatsType: String, CaseIterable, Sendable {
  case all = "All"
  case counters = "Counters"
  case gauges = "Gauges"
  case histograms = "Histograms"
  case textReadouts = "TextReadouts"
}

/// What of all the stats is wanted.
package struct StatsFilter {
  /// Only what was ever written (`usedonly`).
  package var usedOnly: Bool
  package var type: StatsType
  /// Asked with the full name (`filter`).
  package var matches: (String) -> Bool

  package init(
    usedOnly: Bool = false, type: StatsType = .all, matches: @escaping (String) -> Bool = { _ in true }
  ) {
    self.usedOnly = usedOnly
    self.type = type
    self.matches = matches
  }

  func wants(_ type: StatsType) -> Bool { self.type == .all || self.type == type }
}

/// The values of a moment, sorted by name: what the renderers print.
package struct StatsSamples: Sendable {
  package struct Stat: Sendable {
    package let name: String
    package let kind: StatKind
    package fileprivate(set) var value: UInt64
  }

  package struct Histogram: Sendable {
    package let name: String
    /// Between the last two flushes.
    package let interval: HistogramStatistics
    /// Since the start, up to the last flush.
    package let cumulative: HistogramStatistics
  }

  package let textReadouts: [(name: String, value: String)]
  package let stats: [Stat]
  package let histograms: [Histogram]
}

extension StatsStore {
  /// The values of all stats that the filter wants. Names that come out the same from two scopes are one stat.
  package func samples(_ filter: StatsFilter = StatsFilter()) -> StatsSamples {
    // The filter runs after the lock is let go: it may be a slow pattern.
    let (readouts, stats, histograms) = state.withLock { state in
      (
        filter.wants(.textReadouts) ? Array(state.textReadouts) : [], state.stats(filter),
        filter.wants(.histograms) ? state.histogramSamples(usedOnly: filter.usedOnly) : []
      )
    }
    return StatsSamples(
      textReadouts: readouts.filter { filter.matches($0.key) }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
      stats: Self.merged(stats.filter { filter.matches($0.name) }.sorted { $0.name < $1.name }),
      histograms: histograms.filter { filter.matches($0.name) }.sorted { $0.name < $1.name })
  }

  private static func merged(_ sorted: [StatsSamples.Stat]) -> [StatsSamples.Stat] {
    var result: [StatsSamples.Stat] = []
    result.reserveCapacity(sorted.count)
    for stat in sorted {
      if let last = result.last, last.name == stat.name {
        result[result.count - 1].value &+= stat.value
      } else {
        result.append(stat)
      }
    }
    return result
  }
}

extension StatsState {
  fileprivate func stats(_ filter: StatsFilter) -> [StatsSamples.Stat] {
    var stats: [StatsSamples.Stat] = []
    for group in groups {
      for (offset, kind) in group.layout.kinds.enumerated() {
        guard let value = value(at: group.base + UInt32(offset), kind, filter) else { continue }
        stats.append(StatsSamples.Stat(name: "\(group.prefix)\(group.layout.names[offset])", kind: kind, value: value))
      }
    }
    for stat in named {
      guard let value = value(at: stat.index, stat.kind, filter) else { continue }
      stats.append(StatsSamples.Stat(name: stat.name, kind: stat.kind, value: value))
    }
    return stats
  }

  /// nil when the filter does not want it.
  private func value(at index: UInt32, _ kind: StatKind, _ filter: StatsFilter) -> UInt64? {
    guard filter.wants(kind == .counter ? .counters : .gauges) else { return nil }
    let (value, used) = sum(at: index)
    if filter.usedOnly, !used { return nil }
    return kind == .counter ? counterValue(at: index) : UInt64(max(0, value))
  }

  fileprivate func histogramSamples(usedOnly: Bool) -> [StatsSamples.Histogram] {
    histograms.dropFirst().filter { !usedOnly || !$0.cumulative.isEmpty }.map {
      StatsSamples.Histogram(
        name: $0.name, interval: HistogramStatistics(bins: $0.interval),
        cumulative: HistogramStatistics(bins: $0.cumulative))
    }
  }
}
