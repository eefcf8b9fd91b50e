import EnvoyConfig
import Reactor
import Telemetry

/// Carries a cluster's outlier detection: brings the workers' reports and the time to the detector, and its decisions to
/// the hosts, the counters and the log.
final class OutlierDriver: EventHandler {
  private var detector: OutlierDetector
  private unowned let membership: ClusterMembership
  private unowned let main: MainLoop
  private let stats: StatBlock<OutlierDetectionStat>
  private let interval: Int64
  private var timer = Timer()

  init(_ config: EnvoyConfig.OutlierDetection, _ membership: ClusterMembership, main: MainLoop) {
    detector = OutlierDetector(config)
    self.membership = membership
    self.main = main
    stats = membership.info.scope.scope("outlier_detection.").block(OutlierDetectionStat.self)
    interval = config.interval.nanoseconds
    super.init()
    timer.arm(main.loop, self, id: 0, after: interval)
  }

  func add(id: Int) -> OutlierMonitor { detector.add(id: id) }

  func remove(_ host: Host) {
    detector.remove(id: host.id)
    publishActive()
  }

  /// A worker saw the host reach a threshold. The gateway failure first, as in Envoy.
  func report(_ host: Host, _ reached: OutlierMonitor.Reached) {
    if reached.contains(.consecutiveGatewayFailure) { detected(host, .consecutiveGatewayFailure) }
    if reached.contains(.consecutive5xx) { detected(host, .consecutive5xx) }
    if reached.contains(.consecutiveLocalOriginFailure) { detected(host, .consecutiveLocalOriginFailure) }
  }

  private func detected(_ host: Host, _ kind: OutlierKind) {
    let verdict = detector.report(kind, id: host.id, now: main.loop.now, random: &main.loop.random) { count($0) }
    guard case .ejected(let time) = verdict else { return }
    host.setEjected(true)
    publishActive()
    membership.healthChanged()
    let cluster = membership.info.index
    main.tellWorkers { $0.hostFailed(cluster: cluster, host) }
    main.log.info(
      "outlier detection: cluster '\(membership.info.name)' ejects \(host.addressText) (\(kind)) for \(time / 1_000_000) ms"
    )
  }

  override func timerFired(_ id: UInt8) {
    timer.arm(main.loop, self, id: 0, after: interval)
    var back: [Int] = []
    detector.tick(now: main.loop.now) { back.append($0) }
    for host in membership.hosts where back.contains(host.id) {
      host.setEjected(false)
      main.log.info("outlier detection: cluster '\(membership.info.name)' takes \(host.addressText) back")
    }
    guard !back.isEmpty else { return }
    publishActive()
    membership.healthChanged()
  }

  private func publishActive() {
    main.store.setGauge(stats[.ejectionsActive], to: UInt64(detector.ejectionsActive))
  }

  private func count(_ counter: OutlierCounter) {
    main.store.add(stats[stat(counter)])
  }

  private func stat(_ counter: OutlierCounter) -> OutlierDetectionStat {
    switch counter {
    case .detected(.consecutive5xx): .ejectionsDetectedConsecutive5xx
    case .detected(.consecutiveGatewayFailure): .ejectionsDetectedConsecutiveGatewayFailure
    case .detected(.consecutiveLocalOriginFailure): .ejectionsDetectedConsecutiveLocalOriginFailure
    case .enforced(.consecutive5xx): .ejectionsEnforcedConsecutive5xx
    case .enforced(.consecutiveGatewayFailure): .ejectionsEnforcedConsecutiveGatewayFailure
    case .enforced(.consecutiveLocalOriginFailure): .ejectionsEnforcedConsecutiveLocalOriginFailure
    case .enforcedTotal: .ejectionsEnforcedTotal
    case .overflow: .ejectionsOverflow
    case .total: .ejectionsTotal
    case .consecutive5xx: .ejectionsConsecutive5xx
    }
  }
}
