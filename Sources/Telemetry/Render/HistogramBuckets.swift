/// How /stats?histogram_buckets= asks for histograms to be shown.
package enum HistogramBucketMode: String, Sendable {
  case summary, cumulative, disjoint, detailed
}

/// The counts of one of Envoy's default buckets.
struct HistogramBucket {
  let upperBound: Double
  let interval: UInt64
  let cumulative: UInt64
}

extension StatsSamples.Histogram {
  var isUnused: Bool { cumulative.bins.isEmpty }

  /// Counts up to each bound.
  var cumulativeBuckets: [HistogramBucket] {
    let interval = interval.cumulativeBuckets()
    let total = cumulative.cumulativeBuckets()
    return HistogramStatistics.buckets.indices.map {
      HistogramBucket(upperBound: HistogramStatistics.buckets[$0], interval: interval[$0], cumulative: total[$0])
    }
  }

  /// Counts between each bound and the one before.
  var disjointBuckets: [HistogramBucket] {
    var interval: UInt64 = 0
    var total: UInt64 = 0
    return cumulativeBuckets.map { bucket in
      defer {
        interval = bucket.interval
        total = bucket.cumulative
      }
      return HistogramBucket(
        upperBound: bucket.upperBound, interval: bucket.interval - interval, cumulative: bucket.cumulative - total)
    }
  }
}
