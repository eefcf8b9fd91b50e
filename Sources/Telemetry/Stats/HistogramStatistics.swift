/// One bin that is not empty.
package struct HistogramBin: Sendable, Equatable {
  package let index: UInt16
  package let count: UInt64

  package var lowerBound: Double { HistogramBins.lowerBound(of: Int(index)) }
  package var width: Double { HistogramBins.width(of: Int(index)) }
}

/// Adds up the bins of several shards.
struct HistogramCounts {
  private var counts = [UInt64](repeating: 0, count: HistogramBins.count)
  private var touched: [Int] = []

  mutating func add(_ bin: Int, _ count: UInt64) {
    guard count > 0 else { return }
    if counts[bin] == 0 { touched.append(bin) }
    counts[bin] &+= count
  }

  /// The bins that are not empty, in order. Leaves all empty.
  mutating func drain() -> [HistogramBin] {
    touched.sort()
    let bins = touched.map { HistogramBin(index: UInt16($0), count: counts[$0]) }
    for bin in touched { counts[bin] = 0 }
    touched.removeAll(keepingCapacity: true)
    return bins
  }
}

/// What can be told of a histogram's values: over an interval between two flushes, or since the start.
package struct HistogramStatistics: Sendable, Equatable {
  /// What Envoy shows of each histogram.
  package static let quantiles: [Double] = [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1]
  /// Envoy's default upper bounds of what it tells Prometheus.
  package static let buckets: [Double] = [
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300_000, 600_000, 1_800_000, 3_600_000,
  ]

  package let bins: [HistogramBin]

  package var sampleCount: UInt64 {
    bins.reduce(0) { $0 &+ $1.count }
  }

  /// Approximate, from the bins' midpoints.
  package var sampleSum: Double {
    bins.reduce(0) { $0 + HistogramBins.midpoint(of: Int($1.index)) * Double($1.count) }
  }

  /// The value below which the given part of all samples lies, or nil without samples. The samples of a bin are taken as
  /// spread evenly in it, none on its ends.
  package func quantile(_ part: Double) -> Double? {
    let total = sampleCount
    guard total > 0 else { return nil }
    let rank = max(1, (part * Double(total)).rounded(.up))
    var below: Double = 0
    for bin in bins {
      let count = Double(bin.count)
      if rank <= below + count {
        return bin.lowerBound + (rank - below) / (count + 1) * bin.width
      }
      below += count
    }
    return bins.last.map { $0.lowerBound + $0.width }
  }

  /// How many samples lie in bins that begin at or below each bound, as Envoy counts them.
  package func cumulativeBuckets(_ bounds: [Double] = HistogramStatistics.buckets) -> [UInt64] {
    bounds.map { bound in
      bins.reduce(0) { $1.lowerBound <= bound ? $0 &+ $1.count : $0 }
    }
  }
}

extension StatsStore {
  /// Takes over what the shards have recorded: what is new since the last call becomes the interval's values, and all of
  /// it the cumulative ones. Called at each `stats_flush_interval`; /stats shows histograms as of the last call.
  package func flushHistograms() {
    state.withLock { $0.flushHistograms() }
  }
}

extension StatsState {
  mutating func flushHistograms() {
    var counts = HistogramCounts()
    for index in histograms.indices.dropFirst() {
      for shard in shards {
        shard.histogram(at: UInt32(index))?.add(to: &counts)
      }
      let now = counts.drain()
      histograms[index].interval = Self.difference(now, histograms[index].cumulative)
      histograms[index].cumulative = now
    }
  }

  /// What `later` has more than `earlier`, whose bins it all contains.
  private static func difference(_ later: [HistogramBin], _ earlier: [HistogramBin]) -> [HistogramBin] {
    var known = earlier[...]
    return later.compactMap { bin in
      guard let first = known.first, first.index == bin.index else { return bin }
      known = known.dropFirst()
      return bin.count > first.count ? HistogramBin(index: bin.index, count: bin.count - first.count) : nil
    }
  }
}
