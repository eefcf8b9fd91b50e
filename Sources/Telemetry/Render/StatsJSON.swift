/// /stats?format=json.
package enum StatsJSON {
  package static func render(_ samples: StatsSamples, _ mode: HistogramBucketMode? = nil) -> String {
    var entries = samples.textReadouts.map { "{\"name\":\(quoted($0.name)),\"value\":\(quoted($0.value))}" }
    entries += samples.stats.map { "{\"name\":\(quoted($0.name)),\"value\":\($0.value)}" }
    if !samples.histograms.isEmpty {
      entries.append("{\"histograms\":\(histograms(samples.histograms, mode))}")
    }
    return "{\"stats\":[\(entries.joined(separator: ","))]}"
  }

  private static func histograms(_ histograms: [StatsSamples.Histogram], _ mode: HistogramBucketMode?) -> String {
    switch mode {
    case nil, .summary:
      list(histograms, "supported_quantiles", "computed_quantiles") {
        "{\"name\":\(quoted($0.name)),\"values\":\(quantiles($0))}"
      }
    case .detailed:
      list(histograms, "supported_percentiles", "details") {
        "{\"name\":\(quoted($0.name)),\"totals\":\(bins($0.cumulative)),\"intervals\":\(bins($0.interval)),"
          + "\"percentiles\":\(quantiles($0))}"
      }
    case .cumulative: "[\(histograms.map { buckets($0, $0.cumulativeBuckets) }.joined(separator: ","))]"
    case .disjoint: "[\(histograms.map { buckets($0, $0.disjointBuckets) }.joined(separator: ","))]"
    }
  }

  private static func list(
    _ histograms: [StatsSamples.Histogram], _ supported: String, _ key: String,
    _ entry: (StatsSamples.Histogram) -> String
  ) -> String {
    let percents = HistogramStatistics.quantiles.map { NumberText.shortest($0 * 100) }.joined(separator: ",")
    return "{\"\(supported)\":[\(percents)],\"\(key)\":[\(histograms.map(entry).joined(separator: ","))]}"
  }

  private static func quantiles(_ histogram: StatsSamples.Histogram) -> String {
    let values = HistogramStatistics.quantiles.map { part in
      "{\"cumulative\":\(number(histogram.cumulative.quantile(part))),"
        + "\"interval\":\(number(histogram.interval.quantile(part)))}"
    }
    return "[\(values.joined(separator: ","))]"
  }

  private static func bins(_ statistics: HistogramStatistics) -> String {
    let bins = statistics.bins.map {
      "{\"lower_bound\":\(number($0.lowerBound)),\"width\":\(number($0.width)),\"count\":\($0.count)}"
    }
    return "[\(bins.joined(separator: ","))]"
  }

  private static func buckets(_ histogram: StatsSamples.Histogram, _ buckets: [HistogramBucket]) -> String {
    let counts = buckets.map {
      "{\"upper_bound\":\(number($0.upperBound)),\"interval\":\($0.interval),\"cumulative\":\($0.cumulative)}"
    }
    return "{\"name\":\(quoted(histogram.name)),\"buckets\":[\(counts.joined(separator: ","))]}"
  }

  private static func number(_ value: Double?) -> String {
    value.map { NumberText.shortest($0) } ?? "null"
  }

  private static func quoted(_ text: String) -> String { JSONText.quoted(text) }
}
