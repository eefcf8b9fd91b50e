/// `envoy.config.cluster.v3.CircuitBreakers`.
package struct CircuitBreakers: Sendable {
  package var thresholds: [Thresholds] = []
  package var origin = SourceLocation.none

  package init() {}

  /// What holds for a priority: the first entry for it, or Envoy's defaults.
  package func thresholds(for priority: RoutingPriority) -> Thresholds {
    if let found = thresholds.first(where: { $0.priority == priority }) { return found }
    var defaults = Thresholds()
    defaults.priority = priority
    return defaults
  }

  /// `CircuitBreakers.Thresholds`.
  package struct Thresholds: Sendable {
    package var priority = RoutingPriority.default
    package var maxConnections: UInt32 = 1024
    package var maxPendingRequests: UInt32 = 1024
    package var maxRequests: UInt32 = 1024
    package var maxRetries: UInt32 = 3
    /// Replaces `maxRetries`.
    package var retryBudget: RetryBudget?
    /// Whether the `remaining_*` gauges are kept.
    package var trackRemaining = false
    package var origin = SourceLocation.none

    package init() {}
  }

  /// `CircuitBreakers.Thresholds.RetryBudget`.
  package struct RetryBudget: Sendable {
    /// Retries may be this share, in percent, of the active and pending requests.
    package var budgetPercent = 20.0
    package var minRetryConcurrency: UInt32 = 3

    package init() {}
  }
}
