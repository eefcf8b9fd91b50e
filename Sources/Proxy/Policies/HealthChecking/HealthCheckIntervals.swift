import EnvoyConfig
import Reactor

/// How long until a host is asked again: the intervals of a health check, in nanoseconds.
package struct HealthCheckIntervals: Sendable {
  private let healthy: Int64
  private let unhealthy: Int64
  private let healthyEdge: Int64
  private let unhealthyEdge: Int64
  private let noTraffic: Int64
  private let noTrafficHealthy: Int64
  private let initialJitter: Int64
  private let jitter: Int64
  private let jitterPercent: Int64

  package init(_ config: HealthCheck) {
    healthy = config.interval.nanoseconds
    unhealthy = (config.unhealthyInterval ?? config.interval).nanoseconds
    healthyEdge = (config.healthyEdgeInterval ?? config.interval).nanoseconds
    unhealthyEdge = (config.unhealthyEdgeInterval ?? config.unhealthyInterval ?? config.interval).nanoseconds
    noTraffic = config.noTrafficInterval.nanoseconds
    noTrafficHealthy = (config.noTrafficHealthyInterval ?? config.noTrafficInterval).nanoseconds
    initialJitter = config.initialJitter.nanoseconds
    jitter = config.intervalJitter.nanoseconds
    jitterPercent = Int64(config.intervalJitterPercent)
  }

  /// Before the first check of a host.
  package func first(random: inout RandomGenerator) -> Int64 { Int64(random.below(Int(clamping: initialJitter))) }

  /// - Parameters:
  ///   - succeeded: the last check did.
  ///   - hasTraffic: a request was ever sent to the cluster; as long as none was it is asked less often.
  package func next(
    succeeded: Bool, _ transition: HealthCheckState.Transition, hasTraffic: Bool, random: inout RandomGenerator
  ) -> Int64 {
    let base =
      switch (hasTraffic, succeeded, transition) {
      case (false, true, .unchanged), (false, true, .changed): noTrafficHealthy
      case (false, _, _): noTraffic
      case (true, true, .changePending): healthyEdge
      case (true, true, _): healthy
      case (true, false, .changePending): unhealthyEdge
      case (true, false, _): unhealthy
      }
    let (product, overflow) = base.multipliedReportingOverflow(by: jitterPercent)
    let share = overflow ? Int64.max : product / 100
    let delay = Self.sum(Self.sum(base, random.below(Int(clamping: jitter))), random.below(Int(clamping: share)))
    return max(1_000_000, delay)
  }

  private static func sum(_ delay: Int64, _ extra: Int) -> Int64 {
    let (sum, overflow) = delay.addingReportingOverflow(Int64(extra))
    return overflow ? Int64.max : sum
  }
}
