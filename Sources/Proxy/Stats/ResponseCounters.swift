import Telemetry

/// Responses by class, below `cluster.NAME.`, `cluster.NAME.external.` or `cluster.NAME.internal.`. Envoy makes each with
/// its first use, and so do we: ``ResponseCounters``.
struct ResponseCounters {
  private let scope: StatsScope
  private var codes: ResponseCodeCounters
  private var classes: InlineArray<6, StatID?> = .init(repeating: nil)
  private var completed: StatID?
  private var unknown: StatID?
  private var time: HistogramID?

  /// - Parameter scope: with its dot, e.g. "cluster.a.external.".
  init(scope: StatsScope) {
    self.scope = scope
    codes = ResponseCodeCounters(scope: scope, name: "upstream_rq_")
  }

  /// Counts a response: that it was one and, with `countsCodes`, its code and class.
  mutating func count(_ status: UInt16, countsCodes: Bool = true, on shard: StatsShard) {
    if countsCodes { countCode(status, on: shard) }
    if completed == nil { completed = scope.counter("upstream_rq_completed") }
    if let completed { shard.increment(completed) }
  }

  private mutating func countCode(_ status: UInt16, on shard: StatsShard) {
    let index = Int(status / 100)
    if index >= 1, index <= 5 {
      shard.increment(codes.id(status))
      shard.increment(classCounter(index))
    } else {
      shard.increment(unknownCounter())
    }
  }

  /// Records how long a response took.
  mutating func record(milliseconds: UInt64, on shard: StatsShard) {
    if time == nil { time = scope.histogram("upstream_rq_time") }
    if let time { shard.record(time, milliseconds) }
  }

  /// A code of no class.
  private mutating func unknownCounter() -> StatID {
    if let unknown { return unknown }
    let id = scope.counter("upstream_rq_unknown")
    unknown = id
    return id
  }

  private mutating func classCounter(_ index: Int) -> StatID {
    if let id = classes[index] { return id }
    let id = scope.counter("upstream_rq_\(index)xx")
    classes[index] = id
    return id
  }
}
