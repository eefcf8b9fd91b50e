/// How a cluster's requests are shared out between its priorities, and which hosts of a priority they go to: the healthy
/// ones, the degraded ones, or, in a panic, all (Envoy's LoadBalancerBase).
///
/// A priority is trusted with `overprovisioning_factor` times the share of its hosts that are healthy; what it cannot take
/// goes to the next one. With fewer healthy hosts left than `healthy_panic_threshold`, load goes to all of them, since the
/// few would only be overrun.
package struct PriorityLoad: Sendable {
  /// The hosts of one priority.
  package struct Health: Sendable {
    package var healthy: Int
    package var degraded: Int
    package var total: Int
    /// Of the total, those that do not count when it is asked how many are healthy: they are draining.
    package var excluded: Int

    package init(healthy: Int, degraded: Int = 0, total: Int, excluded: Int = 0) {
      self.healthy = healthy
      self.degraded = degraded
      self.total = total
      self.excluded = excluded
    }

    fileprivate var counted: Int { total - excluded }
  }

  package enum Source: Equatable, Sendable {
    case healthyHosts
    case degradedHosts
    /// Panic: to be counted in `lb_healthy_panic` for each request.
    case allHosts
  }

  /// What part of the requests goes to which hosts.
  package struct Share: Equatable, Sendable {
    package let priority: Int
    package let source: Source
    package fileprivate(set) var percent: Int
  }

  /// In the order in which a number from 0 to 99 is looked up in them. Never empty; the percents sum up to 100.
  package private(set) var shares: [Share] = []

  /// - Parameters:
  ///   - priorities: from the first choice on; gaps are priorities without hosts.
  ///   - panicPercent: `healthy_panic_threshold`, which Envoy rounds to a whole number; 0: never panic.
  ///   - overprovisioningPercent: `overprovisioning_factor`.
  package init(_ priorities: [Health], panicPercent: Double, overprovisioningPercent: Int = 140) {
    let threshold = min(100, max(0, panicPercent.rounded()))
    let healthy = priorities.map { Self.availability($0.healthy, $0, overprovisioningPercent) }
    let degraded = priorities.map { Self.availability($0.degraded, $0, overprovisioningPercent) }
    let available = min(100, healthy.reduce(0, +) + degraded.reduce(0, +))
    let panics = priorities.map { health in
      guard available < 100 else { return false }
      let usable = 100 * Double(health.healthy + health.degraded)
      return (health.counted == 0 ? 0 : usable / Double(health.counted)) < threshold
    }
    if !panics.contains(false) {
      shareByHostCount(priorities)
    } else if available == 0 {
      shares = [Share(priority: 0, source: .healthyHosts, percent: 100)]
    } else {
      shareByHealth(healthy, degraded, available, panics)
    }
  }

  private static func availability(_ usable: Int, _ health: Health, _ overprovisioningPercent: Int) -> Int {
    if health.counted == 0 { return 0 }
    let (scaled, overflow) = overprovisioningPercent.multipliedReportingOverflow(by: usable)
    return overflow ? 100 : min(100, scaled / health.counted)
  }

  /// Every priority panics: each takes its part of all hosts, whatever their health.
  private mutating func shareByHostCount(_ priorities: [Health]) {
    let total = priorities.reduce(0) { $0 + $1.total }
    for (priority, health) in priorities.enumerated() where health.total > 0 {
      shares.append(Share(priority: priority, source: .allHosts, percent: 100 * health.total / total))
    }
    if shares.isEmpty { shares = [Share(priority: 0, source: .allHosts, percent: 0)] }
    giveRemainder(100 - shares.reduce(0) { $0 + $1.percent })
  }

  private mutating func shareByHealth(_ healthy: [Int], _ degraded: [Int], _ available: Int, _ panics: [Bool]) {
    var remaining = 100
    for (source, availabilities) in [(Source.healthyHosts, healthy), (.degradedHosts, degraded)] {
      for (priority, availability) in availabilities.enumerated() where availability > 0 {
        let percent = min(remaining, availability * 100 / available)
        remaining -= percent
        shares.append(Share(priority: priority, source: panics[priority] ? .allHosts : source, percent: percent))
      }
    }
    giveRemainder(remaining)
    shares.removeAll { $0.percent == 0 }
  }

  /// What rounding left over goes to the first.
  private mutating func giveRemainder(_ percent: Int) { shares[0].percent += percent }
}
