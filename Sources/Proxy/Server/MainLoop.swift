import CLinux
import EnvoyConfig
import Glibc
import HTTP
import Logging
import Reactor
import Telemetry

/// The main thread's part of the proxy, as Envoy's main thread: members of clusters, outlier detection, signals, the admin
/// interface, flushing. Requests never come here.
///
///     initializing --clusters warm, workers listen--> live --SIGTERM--> draining --all done, or drain time--> over
package final class MainLoop: EventHandler {
  package enum State: Sendable { case initializing, live, draining }

  private enum TimerID {
    static let statsFlush: UInt8 = 0
    static let fileFlush: UInt8 = 1
    static let drainTime: UInt8 = 2
    static let stopListening: UInt8 = 3
  }

  package let loop: EventLoop
  package let snapshot: Snapshot
  package let mailbox: Mailbox<MainLoop>
  package let log: Logger
  let resolver: DNSResolver
  package private(set) var state = State.initializing
  /// Set by POST /healthcheck/fail.
  package private(set) var healthCheckFailed = false
  package let startedAt: Int64
  private let options: ServerOptions
  private let stats: ServerGauges
  private let sockets: [ListenerSockets]
  private var members: [ClusterMembership] = []
  /// Nil where no secret comes from a file.
  package private(set) var secrets: SecretManager?
  /// What health checks speak TLS with, and make heads of.
  private(set) lazy var healthCheckTLS = HealthCheckTLS(loop, store)
  let headerMaps = HeaderMapPool()
  var scratch = TextBuffer()
  private var resolving: [Int: StrictDNS] = [:]
  private var warming = 0
  private var workers: [WorkerThread] = []
  private var drainingWorkers = 0
  private var signals: Signals?
  private var statsTimer = Timer()
  private var fileTimer = Timer()
  private var drainTimer = Timer()
  private var listenerTimer = Timer()
  private var stopsInboundOnly = false
  private var started: (() -> Void)?

  var store: StatsStore { snapshot.store }

  package init(
    _ loop: EventLoop, _ snapshot: Snapshot, sockets: [ListenerSockets], options: ServerOptions, log: Logger
  ) throws(SystemError) {
    self.loop = loop
    self.snapshot = snapshot
    self.sockets = sockets
    self.options = options
    self.log = log
    startedAt = loop.now
    mailbox = try Mailbox()
    resolver = DNSResolver(answeringTo: mailbox)
    stats = ServerGauges(snapshot, version: options.versionNumber)
    super.init()
    try mailbox.attach(to: loop, self)
    members = snapshot.clusters.map { ClusterMembership($0, main: self) }
  }

  // MARK: Starting

  /// Warms the clusters and then serves; `started` is called once the listeners are open.
  package func start(_ started: @escaping () -> Void) throws(SystemError) {
    self.started = started
    signals = try Signals(loop, [SIGTERM, SIGINT, SIGUSR1] + (appSignals == nil ? [] : Self.signalsOfApps)) {
      [unowned self] in received(signal: $0, fromTerminal: $1)
    }
    if appSignals == nil { signal(SIGHUP, SIG_IGN) }
    armStatsTimer()
    armFileTimer()
    for warning in snapshot.bootstrap.warnings { log.warning("\(warning)") }
    try loadSecrets()
    warming = 1
    for member in members { warm(member) }
    clusterWarmed()
  }

  private func loadSecrets() throws(SystemError) {
    guard snapshot.tlsSocketFactories.contains(where: { !$0.watchedSecrets.isEmpty }) else { return }
    secrets = try SecretManager(
      loop, snapshot.tlsSocketFactories, staticSecrets: snapshot.staticSecrets, store: store, log: log)
    secrets?.start()
  }

  private func warm(_ member: ClusterMembership) {
    switch member.info.config.type {
    case .static:
      member.setHosts(StaticHosts.make(member))
      warming += 1
      member.whenChecked { [unowned self] in clusterWarmed() }
    case .originalDst: break
    case .strictDns:
      let dns = StrictDNS(member, main: self)
      resolving[member.info.index] = dns
      warming += 1
      dns.start { [unowned self] in member.whenChecked { [unowned self] in clusterWarmed() } }
    }
  }

  private func clusterWarmed() {
    warming -= 1
    guard warming == 0, state == .initializing else { return }
    do {
      try startWorkers()
    } catch {
      log.critical("cannot start the workers: \(error)")
      exitCode = 1
      return loop.stop()
    }
    state = .live
    stats.live()
    // Reading the configuration and the command line touched much of the program that serving never will.
    pl_release_program_pages()
    log.info("all clusters initialized. listening")
    started?()
    started = nil
  }

  private func startWorkers() throws(SystemError) {
    for socket in sockets { try socket.listen() }
    for index in 0..<options.concurrency {
      let descriptors = sockets.map { $0.descriptors(ofWorker: index) }
      workers.append(try WorkerThread(index: index, snapshot: snapshot, listeningOn: descriptors, main: mailbox))
    }
  }

  // MARK: Workers

  func tellWorkers(_ job: @escaping @Sendable (Worker) -> Void) {
    for worker in workers { worker.mailbox.post(job) }
  }

  func workerFailed(_ index: Int, _ error: SystemError) {
    log.critical("worker \(index) cannot run: \(error)")
    exitCode = 1
    loop.stop()
  }

  func outlierReported(cluster: Int, _ host: Host, _ reached: OutlierMonitor.Reached) {
    members[cluster].outliers?.report(host, reached)
  }

  func workerHasHosts(cluster: Int, worker: Int, _ hosts: [Host]) {
    members[cluster].workerHas(hosts, worker: worker)
  }

  func hostFailedPassively(cluster: Int, _ host: Host) { members[cluster].healthChecker?.failedPassively(host) }

  func dnsAnswered(cluster: Int, target: Int, _ answer: DNSResolver.Answer) {
    resolving[cluster]?.answered(target, answer)
  }

  // MARK: Ending

  package private(set) var exitCode: Int32 = 0
  /// Beside an app, all signals but SIGUSR1 are its own: who passes them on. The second argument: the terminal has sent it
  /// to the app already. To be set before ``start(_:)``.
  package var appSignals: ((Int32, Bool) -> Void)?
  private static let signalsOfApps =
    [SIGHUP, SIGQUIT, SIGUSR2, SIGWINCH, SIGCONT, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGURG]
    + Array(__libc_current_sigrtmin()...__libc_current_sigrtmax())

  private func received(signal: Int32, fromTerminal: Bool) {
    switch signal {
    case SIGUSR1:
      log.info("reopening access logs")
      snapshot.accessLogFiles.reopen()
    case _ where appSignals != nil: appSignals?(signal, fromTerminal)
    default:
      if state == .draining {
        log.warning("second signal: ending at once")
        return loop.stop()
      }
      log.info("caught \(signal == SIGTERM ? "SIGTERM" : "SIGINT"): draining for at most \(options.drainTimeSeconds) s")
      drain()
    }
  }

  /// Lets what is under way finish, takes nothing new, and ends.
  /// - Parameter seconds: at the latest; the drain time where nothing is said.
  package func drain(within seconds: Int? = nil) {
    if state == .draining { return }
    state = .draining
    stats.draining()
    let limit = Int64(seconds ?? options.drainTimeSeconds) * 1_000_000_000
    drainTimer.arm(loop, self, id: TimerID.drainTime, after: limit)
    drainingWorkers = workers.count
    if workers.isEmpty { return loop.stop() }
    let mailbox = mailbox
    tellWorkers { worker in worker.drain { mailbox.post { $0.workerDrained() } } }
  }

  /// Inbound listeners close, and responses on their connections close these; all that goes out goes on.
  package func stopInbound() {
    tellWorkers {
      $0.startDraining(over: 0, inboundOnly: true)
      $0.stopListening(inboundOnly: true)
    }
  }

  private func workerDrained() {
    drainingWorkers -= 1
    if drainingWorkers == 0 { loop.stop() }
  }

  /// Stops the workers and writes out what waits. Called after the loop has ended.
  package func shutDown() {
    tellWorkers {
      $0.abort()
      $0.loop.stop()
    }
    for worker in workers { worker.join() }
    workers = []
    snapshot.accessLogFiles.flush()
    secrets?.close()
    log.info("exiting")
  }

  // MARK: The admin interface's wishes

  /// /drain_listeners: no new connections; those that stand go on, or with `gracefully` close behind their response.
  ///
  /// Gracefully, new connections are taken until the drain time is over, unless `keepsListeners`.
  package func drainListeners(inboundOnly: Bool, gracefully: Bool, keepsListeners: Bool) {
    guard gracefully else { return tellWorkers { $0.stopListening(inboundOnly: inboundOnly) } }
    let drainTime = Int64(options.drainTimeSeconds) * 1_000_000_000
    let isImmediate = options.drainStrategy == .immediate
    tellWorkers { $0.startDraining(over: isImmediate ? 0 : drainTime, inboundOnly: inboundOnly) }
    if keepsListeners { return }
    stopsInboundOnly = inboundOnly
    listenerTimer.arm(loop, self, id: TimerID.stopListening, after: drainTime)
  }

  /// /quitquitquit: the end at once, as in Envoy, but for the reply that is on its way.
  package func quit() {
    log.info("quitquitquit: ending at once")
    mailbox.post { $0.loop.stop() }
  }

  /// /healthcheck/fail and /healthcheck/ok.
  package func setHealthCheck(failed: Bool) {
    healthCheckFailed = failed
    tellWorkers { $0.healthCheckFailed = failed }
    if failed { stats.draining() } else { stats.live() }
  }

  /// Brings the gauges up to date that nobody counts as they change.
  package func refreshGauges() {
    for cluster in snapshot.clusters {
      for gauges in cluster.circuitBreakerGauges { gauges.publish(to: store) }
    }
    stats.refresh(uptimeSeconds: (loop.now - startedAt) / 1_000_000_000)
  }

  // MARK: Flushing

  private func armStatsTimer() {
    if snapshot.bootstrap.statsFlushOnAdmin { return }
    statsTimer.arm(
      loop, self, id: TimerID.statsFlush, after: max(1_000_000, snapshot.bootstrap.statsFlushInterval.nanoseconds))
  }

  private func armFileTimer() {
    fileTimer.arm(
      loop, self, id: TimerID.fileFlush, after: Int64(max(1, options.fileFlushIntervalMilliseconds)) * 1_000_000)
  }

  package override func timerFired(_ id: UInt8) {
    switch id {
    case TimerID.statsFlush:
      store.flushHistograms()
      armStatsTimer()
    case TimerID.fileFlush:
      snapshot.accessLogFiles.flushByTimer()
      armFileTimer()
    case TimerID.stopListening:
      let inboundOnly = stopsInboundOnly
      tellWorkers { $0.stopListening(inboundOnly: inboundOnly) }
    default:
      log.warning("drain time is over: ending with requests under way")
      loop.stop()
    }
  }
}
