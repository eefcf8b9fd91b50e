/// What checks have made of one host so far: a value, no I/O.
///
///     unhealthy <--the first failure of all, a failure that is the host's own word, or unhealthy_threshold in a row--+
///         |                                                                                                          |
///         +------------------- the first success of all, or healthy_threshold in a row ------------------------> healthy
package struct HealthCheckState: Sendable {
  /// What one check has changed (Envoy's HealthTransition).
  package enum Transition: Sendable {
    case unchanged
    /// The host is healthy now and was not, or the other way round.
    case changed
    /// The check contradicts what the host is taken for, but there were not enough of them in a row.
    case changePending
  }

  package enum Failure: Sendable {
    /// The host said that it is not well.
    case active
    /// It said so in a way that counts to the threshold (`retriable_statuses`).
    case retriable
    /// It could not be reached, or broke off.
    case network
    case networkTimeout
    /// A response to a request asked for it (x-envoy-immediate-health-check-fail).
    case passive

    package var isNetwork: Bool { self == .network || self == .networkTimeout }
  }

  private let healthyThreshold: UInt32
  private let unhealthyThreshold: UInt32
  package private(set) var isUnhealthy = true
  package private(set) var isDegraded = false
  /// It is unhealthy, and the last check timed out.
  package private(set) var hasTimedOut = false
  /// A response said so; until it is healthy again it does not count among the hosts that could be.
  package private(set) var isExcluded = false
  private var isFirst = true
  private var successes: UInt32 = 0
  private var failures: UInt32 = 0

  package init(healthyThreshold: UInt32, unhealthyThreshold: UInt32) {
    self.healthyThreshold = healthyThreshold
    self.unhealthyThreshold = unhealthyThreshold
  }

  package mutating func succeeded(degraded: Bool) -> Transition {
    failures = 0
    var transition = Transition.unchanged
    if isUnhealthy {
      successes &+= 1
      transition = isFirst || successes == healthyThreshold ? .changed : .changePending
    }
    if transition == .changed {
      isUnhealthy = false
      hasTimedOut = false
      isExcluded = false
    }
    if degraded != isDegraded {
      isDegraded = degraded
      if transition == .unchanged { transition = .changed }
    }
    isFirst = false
    return transition
  }

  package mutating func failed(_ failure: Failure) -> Transition {
    successes = 0
    var transition = Transition.unchanged
    if !isUnhealthy {
      failures &+= 1
      let countsToThreshold = failure.isNetwork || failure == .retriable
      transition = !countsToThreshold || failures == unhealthyThreshold ? .changed : .changePending
    }
    if transition == .changed { isUnhealthy = true }
    hasTimedOut = isUnhealthy && failure == .networkTimeout
    if failure == .passive { isExcluded = true }
    isFirst = false
    return transition
  }
}
