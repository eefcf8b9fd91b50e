import EnvoyConfig
import Reactor

/// Decides for one cluster which hosts are ejected and when they come back, as Envoy's outlier detection. Driven by the
/// main loop: reports from workers, and a tick each `interval`.
///
///               detected, enforced, within max_ejection_percent
///     in  ───────────────────────────────────────────────────────►  ejected
///         ◄───────────────────────────────────────────────────────
///               a tick after min(base × multiplier, max) + jitter
///
/// The multiplier grows with each ejection and shrinks with each tick for which the host has been back for an interval.
package struct OutlierDetector {
  /// One host. The cluster keeps it as long as the host is a member.
  package struct Host {
    package let monitor: OutlierMonitor
    package fileprivate(set) var isEjected = false
    /// In the host's life: `num_ejections` of the event log.
    package fileprivate(set) var ejections: UInt32 = 0
    package fileprivate(set) var lastEjection: Int64?
    package fileprivate(set) var lastUnejection: Int64?
    fileprivate var multiplier: Int64 = 0
    fileprivate var jitter: Int64 = 0

    init(monitor: OutlierMonitor) { self.monitor = monitor }
  }

  /// What became of a report.
  package enum Verdict: Equatable, Sendable {
    /// The host is out; the balancers must not use it. `nanoseconds` from now, and then the next tick, bring it back.
    case ejected(forNanoseconds: Int64)
    /// `enforcing_*` is below 100 and the dice were kind.
    case notEnforced
    /// More than `max_ejection_percent` of the hosts would be out: `ejections_overflow`.
    case overflow
    /// It is out already, or no member any more.
    case ignored
  }

  package let config: EnvoyConfig.OutlierDetection
  /// By the member's id that ``add(id:)`` was given.
  package private(set) var hosts: [Int: Host] = [:]
  /// The gauge `ejections_active`.
  package private(set) var ejectionsActive = 0
  private let interval: Int64
  private let baseEjectionTime: Int64
  private let maxEjectionTime: Int64
  private let maxJitter: Int64

  package init(_ config: EnvoyConfig.OutlierDetection) {
    self.config = config
    interval = config.interval.nanoseconds
    baseEjectionTime = max(0, config.baseEjectionTime.nanoseconds)
    maxEjectionTime = max(0, config.maxEjectionTime.nanoseconds)
    maxJitter = max(0, config.maxEjectionTimeJitter.nanoseconds)
  }

  /// A new member. The monitor is for the workers.
  package mutating func add(id: Int) -> OutlierMonitor {
    let monitor = OutlierMonitor(config)
    if hosts[id]?.isEjected == true { ejectionsActive -= 1 }
    hosts[id] = Host(monitor: monitor)
    return monitor
  }

  /// A member left the cluster.
  package mutating func remove(id: Int) {
    if hosts.removeValue(forKey: id)?.isEjected == true { ejectionsActive -= 1 }
  }

  /// A worker saw a host reach a threshold. `counters` gets each counter to raise by one.
  package mutating func report(
    _ kind: OutlierKind, id: Int, now: Int64, random: inout RandomGenerator,
    counters: (OutlierCounter) -> Void
  ) -> Verdict {
    guard let host = hosts[id], !host.isEjected else { return .ignored }
    counters(.detected(kind))
    let verdict = decide(kind, id, now, &random, counters)
    if kind == .consecutive5xx { counters(.consecutive5xx) }
    hosts[id]?.monitor.reset(kind)
    return verdict
  }

  /// An `interval` has passed: calls `uneject` with each host that comes back.
  package mutating func tick(now: Int64, uneject: (_ id: Int) -> Void) {
    for id in hosts.keys.sorted() {
      guard var host = hosts[id] else { continue }
      if host.isEjected {
        guard let ejectedAt = host.lastEjection, now - ejectedAt >= ejectionTime(host) else { continue }
        host.isEjected = false
        host.lastUnejection = now
        for kind in OutlierKind.allCases { host.monitor.reset(kind) }
        ejectionsActive -= 1
        hosts[id] = host
        uneject(id)
      } else if let backAt = host.lastUnejection, host.multiplier > 0, now - backAt >= interval {
        host.multiplier -= 1
        hosts[id] = host
      }
    }
  }

  private mutating func decide(
    _ kind: OutlierKind, _ id: Int, _ now: Int64, _ random: inout RandomGenerator,
    _ counters: (OutlierCounter) -> Void
  ) -> Verdict {
    guard mayEjectOneMore else {
      counters(.overflow)
      return .overflow
    }
    if kind == .consecutive5xx { counters(.total) }
    guard random.below(100) < enforcingPercent(kind), var host = hosts[id] else { return .notEnforced }
    counters(.enforcedTotal)
    counters(.enforced(kind))
    ejectionsActive += 1
    host.isEjected = true
    host.ejections &+= 1
    host.lastEjection = now
    host.jitter = maxJitter == 0 ? 0 : Int64(random.below(Int(maxJitter / 1_000_000) + 1)) * 1_000_000
    let grown = host.multiplier.multipliedReportingOverflow(by: baseEjectionTime)
    let bound = maxEjectionTime.addingReportingOverflow(baseEjectionTime)
    if !grown.overflow, bound.overflow || grown.partialValue < bound.partialValue { host.multiplier += 1 }
    hosts[id] = host
    return .ejected(forNanoseconds: ejectionTime(host))
  }

  /// Envoy asks for the share that would be out with this one.
  private var mayEjectOneMore: Bool {
    if config.alwaysEjectOneHost && ejectionsActive == 0 { return true }
    let percent = 100 * Double(ejectionsActive + 1) / Double(max(1, hosts.count))
    return percent <= Double(min(100, config.maxEjectionPercent))
  }

  private func enforcingPercent(_ kind: OutlierKind) -> Int {
    switch kind {
    case .consecutive5xx: Int(config.enforcingConsecutive5xx)
    case .consecutiveGatewayFailure: Int(config.enforcingConsecutiveGatewayFailure)
    case .consecutiveLocalOriginFailure: Int(config.enforcingConsecutiveLocalOriginFailure)
    }
  }

  private func ejectionTime(_ host: Host) -> Int64 {
    let grown = baseEjectionTime.multipliedReportingOverflow(by: host.multiplier)
    let time = grown.overflow ? maxEjectionTime : min(grown.partialValue, maxEjectionTime)
    let withJitter = time.addingReportingOverflow(host.jitter)
    return withJitter.overflow ? .max : withJitter.partialValue
  }
}
