/// /stats/prometheus: text exposition format, metrics of one name together, tags as labels.
package enum StatsPrometheus {

  /// - Parameters:
  ///   - summary: quantiles of the last interval instead of buckets.
  ///   - textReadouts: shows them too, as gauges of 0 with the text as a label.
  package static func render(_ samples: StatsSamples, summary: Bool = false, textReadouts: Bool = false) -> String {
    var text = ""
    for kind in [StatKind.counter, .gauge] {
      let series = samples.stats.lazy.filter { $0.kind == kind }.map { stat in
        (stat.name, { (name: String, labels: String) in "\(name){\(labels)} \(stat.value)\n" })
      }
      append(Array(series), kind == .counter ? "counter" : "gauge", to: &text)
    }
    if textReadouts {
      let series = samples.textReadouts.map { readout in
        (
          readout.name,
          { (name: String, labels: String) in
            "\(name){\(joined(labels, "text_value=\"\(escaped(readout.value))\""))} 0\n"
          }
        )
      }
      append(series, "gauge", to: &text)
    }
    let histograms = samples.histograms.map { histogram in
      (
        histogram.name,
        { (name: String, labels: String) in
          summary ? summaryLines(histogram, name, labels) : bucketLines(histogram, name, labels)
        }
      )
    }
    append(histograms, summary ? "summary" : "histogram", to: &text)
    return text
  }

  /// Prints series grouped and sorted by their name without tags, and within a group by their full name.
  private static func append(
    _ series: [(fullName: String, print: (String, String) -> String)], _ type: String, to text: inout String
  ) {
    var groups: [String: [(labels: String, print: (String, String) -> String)]] = [:]
    for entry in series {
      let tags = StatsTags(entry.fullName)
      let labels = tags.tags.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
      groups[tags.name, default: []].append((labels, entry.print))
    }
    for (name, members) in groups.sorted(by: { $0.key < $1.key }) {
      let metric = "envoy_" + sanitized(name)
      text += "# TYPE \(metric) \(type)\n"
      for member in members { text += member.print(metric, member.labels) }
    }
  }

  private static func bucketLines(_ histogram: StatsSamples.Histogram, _ name: String, _ labels: String) -> String {
    var text = ""
    for (bound, count) in zip(HistogramStatistics.buckets, histogram.cumulative.cumulativeBuckets()) {
      text += "\(name)_bucket{\(joined(labels, "le=\"\(number(bound))\""))} \(count)\n"
    }
    text += "\(name)_bucket{\(joined(labels, "le=\"+Inf\""))} \(histogram.cumulative.sampleCount)\n"
    return text + totalLines(histogram.cumulative, name, labels)
  }

  private static func summaryLines(_ histogram: StatsSamples.Histogram, _ name: String, _ labels: String) -> String {
    var text = ""
    for part in HistogramStatistics.quantiles {
      let value = histogram.interval.quantile(part).map { number($0) } ?? "nan"
      text += "\(name){\(joined(labels, "quantile=\"\(NumberText.shortest(part))\""))} \(value)\n"
    }
    return text + totalLines(histogram.interval, name, labels)
  }

  private static func totalLines(_ statistics: HistogramStatistics, _ name: String, _ labels: String) -> String {
    "\(name)_sum{\(labels)} \(number(statistics.sampleSum))\n"
      + "\(name)_count{\(labels)} \(statistics.sampleCount)\n"
  }

  private static func number(_ value: Double) -> String { NumberText.significant(value, precision: 32) }

  private static func joined(_ labels: String, _ label: String) -> String {
    labels.isEmpty ? label : "\(labels),\(label)"
  }

  /// Metric names hold letters, digits and underscores.
  private static func sanitized(_ name: String) -> String {
    String(
      decoding: name.utf8.map { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: byte
        default: 0x5f
        }
      }, as: UTF8.self)
  }

  private static func escaped(_ value: String) -> String {
    var result = ""
    for character in value.unicodeScalars {
      switch character {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(character)
      }
    }
    return result
  }
}
