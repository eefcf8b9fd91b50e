import Telemetry

/// The gauges that show how near a cluster's circuit breaker is to its limits.
final class CircuitBreakerGauges: Sendable {
  private let breaker: CircuitBreaker
  private let stats: StatBlock<CircuitBreakerStat>
  private let remaining: StatBlock<RemainingStat>?

  /// - Parameter scope: with its dot, e.g. "cluster.a.circuit_breakers.default.".
  init(_ breaker: CircuitBreaker, scope: StatsScope) {
    self.breaker = breaker
    stats = scope.block(CircuitBreakerStat.self)
    remaining = breaker.trackRemaining ? scope.block(RemainingStat.self) : nil
  }

  /// Brings the gauges up to date: called by the main loop before they are read, so that a request pays nothing.
  func publish(to store: StatsStore) {
    store.setGauge(stats[.cxOpen], to: breaker.connections.isOpen ? 1 : 0)
    store.setGauge(stats[.rqPendingOpen], to: breaker.pendingRequests.isOpen ? 1 : 0)
    store.setGauge(stats[.rqOpen], to: breaker.requests.isOpen ? 1 : 0)
    store.setGauge(stats[.rqRetryOpen], to: breaker.isRetryOpen ? 1 : 0)
    guard let remaining else { return }
    store.setGauge(remaining[.remainingCx], to: UInt64(breaker.connections.remaining))
    store.setGauge(remaining[.remainingPending], to: UInt64(breaker.pendingRequests.remaining))
    store.setGauge(remaining[.remainingRq], to: UInt64(breaker.requests.remaining))
    store.setGauge(remaining[.remainingRetries], to: UInt64(breaker.remainingRetries))
    store.setGauge(remaining[.remainingCxPools], to: UInt64.max)
  }
}
