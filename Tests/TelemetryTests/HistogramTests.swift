import Testing

@testable import Telemetry

@Suite struct HistogramTests {
  static func statistics(_ values: [UInt64]) -> HistogramStatistics {
    let store = StatsStore()
    let shard = store.makeShard()
    let id = store.scope("").histogram("h")
    for value in values { shard.record(id, value) }
    store.flushHistograms()
    return HistogramStatistics(bins: store.state.withLock { $0.histograms[1].cumulative })
  }

  @Test(
    arguments: [
      (0, 0, 0), (1, 1, 0.1), (9, 9, 0.1), (10, 10, 1), (99, 99, 1), (100, 100, 10), (109, 100, 10), (110, 110, 10),
      (999, 990, 10), (1000, 1000, 100), (12_345, 12_000, 1000), (UInt64.max, 1.8e19, 1e18),
    ] as [(UInt64, Double, Double)])
  func eachValueHasItsBin(value: UInt64, lower: Double, width: Double) throws {
    let bin = try #require(Self.statistics([value]).bins.first)
    #expect(bin.lowerBound == lower)
    #expect(abs(bin.width - width) <= width * 1e-12)
  }

  /// Seen in Envoy 1.40.0: 28 and 10 samples of [150, 160), one of [8, 9), and 0, 41.
  @Test func quantilesAreEnvoys() {
    let many = Self.statistics(Array(repeating: 155, count: 28))
    #expect(
      HistogramStatistics.quantiles.map { many.quantile($0) } == [
        150.3448275862069, 152.41379310344828, 154.82758620689654, 157.24137931034483, 158.9655172413793,
        159.31034482758622, 159.6551724137931, 159.6551724137931, 159.6551724137931, 159.6551724137931,
      ])
    #expect(many.sampleSum == 4335.4838709677424049004912376404)
    #expect(Self.statistics([8]).quantile(0.5) == 8.05)
    #expect(Self.statistics([8]).sampleSum == 8.049689440993788025480171199888)
    let two = Self.statistics([0, 41])
    #expect([0, 0.5, 0.75, 1].map { two.quantile($0) } == [0, 0, 41.5, 41.5])
    #expect(two.sampleSum == 41.493975903614455091883428394794)
    #expect(Self.statistics([]).quantile(0.5) == nil)
  }

  @Test func bucketsCountWholeBins() {
    let buckets = Self.statistics([0, 1, 4, 5, 100, 99, 3_599_999]).cumulativeBuckets()
    #expect(buckets == [1, 2, 4, 4, 4, 4, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7])
  }
}
