/// /stats as plain text.
package enum StatsText {
  package static func render(_ samples: StatsSamples, _ mode: HistogramBucketMode = .summary) -> String {
    var text = ""
    for readout in samples.textReadouts {
      text += "\(readout.name): \"\(readout.value)\"\n"
    }
    for stat in samples.stats {
      text += "\(stat.name): \(stat.value)\n"
    }
    for histogram in samples.histograms {
      text += line(histogram, mode) + "\n"
    }
    return text
  }

  private static func line(_ histogram: StatsSamples.Histogram, _ mode: HistogramBucketMode) -> String {
    if histogram.isUnused { return "\(histogram.name): No recorded values" }
    switch mode {
    case .summary: return "\(histogram.name): \(summary(histogram))"
    case .cumulative: return "\(histogram.name): \(buckets(histogram.cumulativeBuckets))"
    case .disjoint: return "\(histogram.name): \(buckets(histogram.disjointBuckets))"
    case .detailed:
      return """
        \(histogram.name):
          totals=\(bins(histogram.cumulative))
          intervals=\(bins(histogram.interval))
          summary=\(summary(histogram))
        """
    }
  }

  private static func summary(_ histogram: StatsSamples.Histogram) -> String {
    HistogramStatistics.quantiles.map { part in
      let percent = NumberText.fixed(part * 100)
      return "P\(percent)(\(number(histogram.interval.quantile(part))),\(number(histogram.cumulative.quantile(part))))"
    }.joined(separator: " ")
  }

  private static func number(_ value: Double?) -> String {
    value.map { NumberText.fixed($0) } ?? "nan"
  }

  private static func buckets(_ buckets: [HistogramBucket]) -> String {
    buckets.map {
      "B\(NumberText.significant($0.upperBound, precision: 6))(\($0.interval),\($0.cumulative))"
    }.joined(separator: " ")
  }

  private static func bins(_ statistics: HistogramStatistics) -> String {
    statistics.bins.map {
      "\(NumberText.fixed($0.lowerBound)),\(NumberText.fixed($0.width)):\($0.count)"
    }.joined(separator: ", ")
  }
}
