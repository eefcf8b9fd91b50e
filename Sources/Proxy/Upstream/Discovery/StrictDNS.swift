import EnvoyConfig
import Reactor
import Telemetry

/// The members of a STRICT_DNS cluster: every address of every endpoint's name, asked for again each `dns_refresh_rate`.
/// A name that cannot be resolved keeps the addresses that it had.
final class StrictDNS: EventHandler {
  private struct Target {
    let name: String
    let port: UInt16
    let endpoint: LbEndpoint
    let group: LocalityLbEndpoints
    var hosts: [Host] = []
    var failures = 0
  }

  private let membership: ClusterMembership
  private unowned let main: MainLoop
  private var targets: [Target] = []
  private var timers: [RefreshTimer] = []
  private var unanswered: Set<Int> = []
  private var warmed: (() -> Void)?

  init(_ membership: ClusterMembership, main: MainLoop) {
    self.membership = membership
    self.main = main
    super.init()
    for group in membership.info.config.loadAssignment.endpoints {
      for endpoint in group.lbEndpoints { add(endpoint, group) }
    }
  }

  private func add(_ endpoint: LbEndpoint, _ group: LocalityLbEndpoints) {
    guard case .socketAddress(let address) = endpoint.endpoint.address else { return }
    unanswered.insert(targets.count)
    timers.append(RefreshTimer(self, targets.count))
    targets.append(Target(name: address.address, port: address.portValue, endpoint: endpoint, group: group))
  }

  /// Begins to resolve; `warmed` is called once every name was answered for the first time, one way or the other, or at
  /// once where `wait_for_warm_on_init` is false.
  func start(_ warmed: @escaping () -> Void) {
    self.warmed = warmed
    if targets.isEmpty || !config.waitForWarmOnInit { finishWarming() }
    for index in targets.indices { resolve(index) }
  }

  private var config: Cluster { membership.info.config }

  private func resolve(_ index: Int) {
    main.store.add(membership.info.stats[.updateAttempt])
    let cluster = membership.info.index
    let target = targets[index]
    do {
      try main.resolver.resolve(target.name, port: target.port, family: DNSResolver.Family(config.dnsLookupFamily)) {
        main, answer in main.dnsAnswered(cluster: cluster, target: index, answer)
      }
    } catch {
      answered(index, .failure(error.reason))
    }
  }

  func answered(_ index: Int, _ answer: DNSResolver.Answer) {
    switch answer {
    case .addresses(let addresses):
      targets[index].failures = 0
      main.store.add(membership.info.stats[.updateSuccess])
      replace(index, addresses)
      timers[index].arm(main.loop, after: config.dnsRefreshRate.nanoseconds + jitter)
    case .failure(let reason):
      targets[index].failures += 1
      main.store.add(membership.info.stats[.updateFailure])
      main.log.debug("cluster '\(config.name)': cannot resolve \(targets[index].name): \(reason)")
      timers[index].arm(main.loop, after: failureDelay(targets[index].failures))
    }
    unanswered.remove(index)
    if unanswered.isEmpty { finishWarming() }
  }

  private func finishWarming() {
    let warmed = warmed
    self.warmed = nil
    warmed?()
  }

  private var jitter: Int64 { Int64(main.loop.random.below(Int(clamping: config.dnsJitter.nanoseconds))) }

  private func failureDelay(_ failures: Int) -> Int64 {
    guard let rate = config.dnsFailureRefreshRate else { return config.dnsRefreshRate.nanoseconds }
    let base = max(1_000_000, rate.baseInterval.nanoseconds)
    let (grown, overflow) = base.multipliedReportingOverflow(by: 1 << Int64(min(failures - 1, 30)))
    let bound = overflow ? rate.maxInterval.nanoseconds : min(grown, rate.maxInterval.nanoseconds)
    return max(1_000_000, Int64(main.loop.random.below(Int(clamping: bound))))
  }

  private func replace(_ index: Int, _ addresses: [Reactor.SocketAddress]) {
    let target = targets[index]
    let old = Dictionary(target.hosts.map { ($0.address, $0) }, uniquingKeysWith: { first, _ in first })
    if Set(old.keys) == Set(addresses), !unanswered.contains(index) {
      main.store.add(membership.info.stats[.updateNoRebuild])
      return
    }
    targets[index].hosts = addresses.map { address in
      old[address]
        ?? membership.makeHost(
          address,
          hostname: target.endpoint.endpoint.hostname.isEmpty ? target.name : target.endpoint.endpoint.hostname,
          endpoint: target.endpoint, group: target.group)
    }
    membership.setHosts(targets.flatMap(\.hosts))
  }

  fileprivate func refresh(_ index: Int) { resolve(index) }
}

/// One name's delay until it is asked for again.
private final class RefreshTimer: EventHandler {
  private unowned let owner: StrictDNS
  private let index: Int
  private var timer = Timer()

  init(_ owner: StrictDNS, _ index: Int) {
    self.owner = owner
    self.index = index
    super.init()
  }

  func arm(_ loop: EventLoop, after nanoseconds: Int64) { timer.arm(loop, self, id: 0, after: nanoseconds) }

  override func timerFired(_ id: UInt8) { owner.refresh(index) }
}

extension DNSResolver.Family {
  init(_ family: Cluster.DnsLookupFamily) {
    switch family {
    case .auto: self = .auto
    case .v4Only: self = .v4Only
    case .v6Only: self = .v6Only
    case .v4Preferred: self = .v4Preferred
    case .all: self = .all
    }
  }
}
