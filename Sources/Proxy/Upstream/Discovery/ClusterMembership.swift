import EnvoyConfig
import Reactor
import Telemetry

/// Who belongs to a cluster, on the main loop: makes its hosts, and hands every change to the workers. Changes of health
/// are gathered for `common_lb_config.update_merge_window`, as in Envoy: the first goes out at once, those that follow
/// within the window go together at its end.
final class ClusterMembership: EventHandler {
  let info: ClusterInfo
  private unowned let main: MainLoop
  private(set) var hosts: [Host] = []
  private var mergeTimer = Timer()
  private var lastUpdate: Int64
  private let mergeWindow: Int64
  private var nextHostID = 0
  private(set) var outliers: OutlierDriver?
  private(set) var healthChecker: HealthChecker?
  private var hostsOfWorkers: [Int: [Host]] = [:]

  init(_ info: ClusterInfo, main: MainLoop) {
    self.info = info
    self.main = main
    mergeWindow = info.config.commonLbConfig.updateMergeWindow.nanoseconds
    lastUpdate = Int64.min / 2
    super.init()
    if let config = info.config.outlierDetection { outliers = OutlierDriver(config, self, main: main) }
    if let check = info.healthCheck { healthChecker = HealthChecker(check, self, main: main) }
  }

  /// A host of this cluster's; it belongs to it once ``setHosts(_:)`` has named it.
  func makeHost(
    _ address: Reactor.SocketAddress, hostname: String, endpoint: LbEndpoint, group: LocalityLbEndpoints
  ) -> Host {
    nextHostID += 1
    return Host(
      id: nextHostID, address: address, hostname: hostname, endpoint: endpoint, group: group,
      tls: info.transportSockets.resolve(endpoint, group), monitor: outliers?.add(id: nextHostID),
      isHealthChecked: info.healthCheck != nil, store: main.store, dialer: info.dialer)
  }

  /// The members have changed.
  func setHosts(_ hosts: [Host]) {
    let present = Set(hosts.map(\.id))
    for host in self.hosts where !present.contains(host.id) { outliers?.remove(host) }
    self.hosts = hosts
    main.store.add(info.stats[.membershipChange])
    publish()
    healthChecker?.hostsChanged(hosts)
  }

  /// Calls `done` once the present hosts are known to be well or not: at once where nobody asks them.
  func whenChecked(_ done: @escaping () -> Void) {
    guard let healthChecker else { return done() }
    healthChecker.whenChecked { [unowned self] in
      publish()
      done()
    }
  }

  /// The hosts that a worker has found for itself (ORIGINAL_DST): told here so that the admin interface can show them.
  func workerHas(_ hosts: [Host], worker: Int) {
    hostsOfWorkers[worker] = hosts
    self.hosts = hostsOfWorkers.sorted { $0.key < $1.key }.flatMap(\.value)
    main.store.add(info.stats[.membershipChange])
    _ = info.replaceHosts(self.hosts)
    publishGauges()
  }

  /// A member was ejected, or came back.
  func healthChanged() {
    let since = main.loop.now - lastUpdate
    if mergeWindow == 0 || since >= mergeWindow {
      publish()
    } else if !mergeTimer.isArmed {
      mergeTimer.arm(main.loop, self, id: 0, after: mergeWindow - since)
    }
    publishGauges()
  }

  override func timerFired(_ id: UInt8) { publish() }

  private func publish() {
    lastUpdate = main.loop.now
    mergeTimer.disarm()
    let set = info.replaceHosts(hosts)
    publishGauges()
    let index = info.index
    main.tellWorkers { $0.update(cluster: index, set) }
  }

  private func publishGauges() {
    main.store.setGauge(info.stats[.membershipTotal], to: UInt64(hosts.count))
    main.store.setGauge(info.stats[.membershipHealthy], to: UInt64(hosts.count { $0.health == .healthy }))
    main.store.setGauge(info.stats[.membershipDegraded], to: UInt64(hosts.count { $0.health == .degraded }))
    main.store.setGauge(info.stats[.membershipExcluded], to: UInt64(hosts.count(where: \.isExcluded)))
  }
}
