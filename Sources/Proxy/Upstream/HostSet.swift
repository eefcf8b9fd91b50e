/// A cluster's hosts at one moment, and which of them the load balancer may choose from. Made by the main loop, never
/// changed; workers are handed a new one.
package final class HostSet: Sendable {
  /// Hosts of one priority and of one state of health, and what part of the requests is theirs.
  struct Group: Sendable {
    /// Where they stand in ``HostSet/candidates``.
    let range: Range<Int>
    let percent: Int
    /// Too few of the priority are healthy (common_lb_config.healthy_panic_threshold): traffic goes to all.
    let isPanicking: Bool
  }

  package let hosts: [Host]
  package let healthyCount: Int
  package let degradedCount: Int
  /// The hosts of all groups.
  let candidates: [Host]
  /// Never empty; the percents sum up to 100.
  let groups: [Group]

  package init(hosts: [Host], panicThresholdPercent: Double, overprovisioningPercent: Int) {
    self.hosts = hosts
    var priorities: [[Host]] = Array(repeating: [], count: (hosts.map(\.priority).max() ?? 0) + 1)
    for host in hosts { priorities[host.priority].append(host) }
    let counts = priorities.map { hosts in
      PriorityLoad.Health(
        healthy: hosts.count { $0.health == .healthy }, degraded: hosts.count { $0.health == .degraded },
        total: hosts.count, excluded: hosts.count(where: \.isExcluded))
    }
    healthyCount = counts.reduce(0) { $0 + $1.healthy }
    degradedCount = counts.reduce(0) { $0 + $1.degraded }
    let load = PriorityLoad(
      counts, panicPercent: panicThresholdPercent, overprovisioningPercent: overprovisioningPercent)
    var candidates: [Host] = []
    groups = load.shares.map { share in
      let start = candidates.count
      candidates += priorities[share.priority].filter { share.source.includes($0) }
      return Group(range: start..<candidates.count, percent: share.percent, isPanicking: share.source == .allHosts)
    }
    self.candidates = candidates
  }

  /// The group for a random number from 0 to 99.
  func group(for number: Int) -> Int {
    var upTo = 0
    for index in groups.indices {
      upTo += groups[index].percent
      if number < upTo { return index }
    }
    return 0
  }
}

extension PriorityLoad.Source {
  fileprivate func includes(_ host: Host) -> Bool {
    switch self {
    case .healthyHosts: host.health == .healthy
    case .degradedHosts: host.health == .degraded
    case .allHosts: true
    }
  }
}
