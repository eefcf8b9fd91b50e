import EnvoyConfig

/// What a cluster has under way at one priority, over all workers, and how much it may have
/// (Envoy's `circuit_breakers.thresholds`).
package final class CircuitBreaker: Sendable {
  package let connections: ResourceLimit
  package let pendingRequests: ResourceLimit
  package let requests: ResourceLimit
  package let trackRemaining: Bool
  /// The field that set the limits.
  package let origin: SourceLocation
  private let retries: ResourceLimit
  private let budget: RetryBudget?

  package init(_ config: EnvoyConfig.CircuitBreakers.Thresholds) {
    connections = ResourceLimit(max: Int(config.maxConnections))
    pendingRequests = ResourceLimit(max: Int(config.maxPendingRequests))
    requests = ResourceLimit(max: Int(config.maxRequests))
    retries = ResourceLimit(max: Int(config.maxRetries))
    budget = config.retryBudget.map(RetryBudget.init)
    trackRemaining = config.trackRemaining
    origin = config.origin
  }

  /// Retries waiting or under way.
  package var activeRetries: Int { retries.current }

  /// `max_retries`, or what the retry budget allows at this moment.
  package var maxRetries: Int {
    guard let budget else { return retries.max }
    return budget.maxRetries(activeAndPending: requests.current + pendingRequests.current)
  }

  /// Takes a place for a retry, to be given back with ``releaseRetry()`` when that try is over.
  package func tryAcquireRetry() -> Bool {
    if budget == nil { return retries.tryAcquire() }
    guard retries.current < maxRetries else { return false }
    retries.acquire()
    return true
  }

  /// What `rq_retry_open` shows: the state of `max_retries`, even beside a retry budget, as in Envoy.
  package var isRetryOpen: Bool { retries.isOpen }

  /// What `remaining_retries` shows: 0 beside a retry budget, as in Envoy.
  package var remainingRetries: Int { budget == nil ? retries.remaining : 0 }

  package func releaseRetry() { retries.release() }
}
