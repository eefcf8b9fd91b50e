import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// Asks a cluster's hosts whether they are well, on the main loop (Envoy's HealthCheckerImplBase): makes a session for each,
/// and brings what they find out to the hosts, the counters and the log.
final class HealthChecker {
  let info: HealthCheckInfo
  let cluster: ClusterInfo
  unowned let main: MainLoop
  private unowned let membership: ClusterMembership
  private var sessions: [Int: HealthCheckSession] = [:]
  /// Hosts without a first result.
  private var unchecked: Set<Int> = []
  private var checked: (() -> Void)?
  private var healthyCount = 0
  private var degradedCount = 0

  init(_ info: HealthCheckInfo, _ membership: ClusterMembership, main: MainLoop) {
    self.info = info
    self.membership = membership
    self.main = main
    cluster = membership.info
  }

  var hasTraffic: Bool { main.store.counter(cluster.stats[.upstreamCxTotal]) > 0 }

  /// The cluster's members have changed.
  func hostsChanged(_ hosts: [Host]) {
    let present = Set(hosts.map(\.id))
    for (id, session) in sessions where !present.contains(id) {
      session.end()
      main.loop.release(session)
      sessions[id] = nil
      unchecked.remove(id)
    }
    for host in hosts where host.isHealthChecked && sessions[host.id] == nil {
      let session = makeSession(host)
      sessions[host.id] = session
      unchecked.insert(host.id)
      session.start()
    }
    publishGauges()
    tellIfChecked()
  }

  private func makeSession(_ host: Host) -> HealthCheckSession {
    switch info.config.checker {
    case .http(let config): StreamHealthCheckSession(self, host) { HTTPHealthCheckExchange(config, $0) }
    case .grpc(let config): StreamHealthCheckSession(self, host) { GrpcHealthCheckExchange(config, $0) }
    case .tcp(let config): TcpHealthCheckSession(self, host, config)
    }
  }

  /// Calls `done` once every present host was checked for the first time.
  func whenChecked(_ done: @escaping () -> Void) {
    checked = done
    tellIfChecked()
  }

  private func tellIfChecked() {
    guard unchecked.isEmpty, let checked else { return }
    self.checked = nil
    checked()
  }

  /// A response to a request said that its host is not well.
  func failedPassively(_ host: Host) { sessions[host.id]?.fail(.passive) }

  // MARK: From the sessions

  /// A check has ended.
  func told(
    _ session: HealthCheckSession, _ failure: HealthCheckState.Failure?, _ transition: HealthCheckState.Transition
  ) {
    count(failure)
    let host = session.host
    host.setActiveHealth(Host.ActiveHealth(session.state))
    publishGauges()
    if transition == .changed {
      log(session, failure)
      membership.healthChanged()
      if host.health == .unhealthy {
        let cluster = cluster.index
        main.tellWorkers { $0.hostFailed(cluster: cluster, host) }
      }
    }
    if unchecked.remove(host.id) != nil { tellIfChecked() }
  }

  private func count(_ failure: HealthCheckState.Failure?) {
    main.store.add(info.stats[failure == nil ? .success : .failure])
    switch failure {
    case .network, .networkTimeout: main.store.add(info.stats[.networkFailure])
    case .passive: main.store.add(info.stats[.passiveFailure])
    case .active, .retriable, nil: break
    }
  }

  private func publishGauges() {
    set(.healthy, &healthyCount, to: sessions.values.count { !$0.state.isUnhealthy })
    set(.degraded, &degradedCount, to: sessions.values.count(where: \.state.isDegraded))
  }

  /// As Envoy: a gauge that never moved is not one that is used.
  private func set(_ gauge: HealthCheckStat, _ known: inout Int, to count: Int) {
    if count == known { return }
    known = count
    main.store.setGauge(info.stats[gauge], to: UInt64(count))
  }

  private func log(_ session: HealthCheckSession, _ failure: HealthCheckState.Failure?) {
    let state = session.state.isUnhealthy ? "unhealthy" : session.state.isDegraded ? "degraded" : "healthy"
    let reason = failure.map { " (\($0))" } ?? ""
    main.log.info("health check: cluster '\(cluster.name)': \(session.host.addressText) is \(state)\(reason)")
  }
}

extension Host.ActiveHealth {
  fileprivate init(_ state: HealthCheckState) {
    self = []
    if state.isUnhealthy { insert(.failed) }
    if state.hasTimedOut { insert(.timedOut) }
    if state.isDegraded { insert(.degraded) }
    if state.isExcluded { insert(.excluded) }
  }
}
