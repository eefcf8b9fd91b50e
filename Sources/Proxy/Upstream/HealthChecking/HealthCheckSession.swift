import HTTP
import Reactor
import Security
import Telemetry

/// The checks of one host: when the next is due, and when one has taken too long. Kinds of checks are subclasses.
///
///     waiting --interval--> checking --success, failure, timeout--> waiting
class HealthCheckSession: ClientCodecDelegate {
  private enum TimerID {
    static let interval: UInt8 = 0
    static let timeout: UInt8 = 1
  }

  /// The checker has the session.
  unowned let checker: HealthChecker
  let host: Host
  let loop: EventLoop
  private(set) var state: HealthCheckState
  private var isChecking = false
  private var intervalTimer = Timer()
  private var timeoutTimer = Timer()

  init(_ checker: HealthChecker, _ host: Host) {
    self.checker = checker
    self.host = host
    loop = checker.main.loop
    state = HealthCheckState(
      healthyThreshold: checker.info.config.healthyThreshold,
      unhealthyThreshold: checker.info.config.unhealthyThreshold)
    super.init()
  }

  // MARK: What a kind of check does

  /// Begins a check, which ends with ``succeed(degraded:)`` or ``fail(_:)``.
  func check() {}

  /// The check has taken too long.
  func abandonCheck() {}

  /// Closes what is open.
  func closeConnection() {}

  // MARK: Times

  func start() {
    let delay = checker.info.intervals.first(random: &loop.random)
    if delay == 0 { begin() } else { intervalTimer.arm(loop, self, id: TimerID.interval, after: delay) }
  }

  /// The host is no longer ours to check.
  func end() {
    isChecking = false
    intervalTimer.disarm()
    timeoutTimer.disarm()
    closeConnection()
  }

  private func begin() {
    isChecking = true
    checker.main.store.add(checker.info.stats[.attempt])
    timeoutTimer.arm(loop, self, id: TimerID.timeout, after: checker.info.timeoutNanoseconds)
    check()
  }

  override func timerFired(_ id: UInt8) {
    if id == TimerID.interval { return begin() }
    abandonCheck()
    fail(.networkTimeout)
  }

  // MARK: Results

  func succeed(degraded: Bool) {
    guard isChecking else { return }
    let transition = state.succeeded(degraded: degraded)
    wait(succeeded: true, transition)
    checker.told(self, nil, transition)
  }

  /// A passive failure may come at any time, and does not end a check.
  /// - Parameter betweenChecks: whether it counts while no check is under way.
  func fail(_ failure: HealthCheckState.Failure, betweenChecks: Bool = false) {
    guard isChecking || betweenChecks || failure == .passive else { return }
    let transition = state.failed(failure)
    if failure != .passive { wait(succeeded: false, transition) }
    checker.told(self, failure, transition)
  }

  private func wait(succeeded: Bool, _ transition: HealthCheckState.Transition) {
    isChecking = false
    timeoutTimer.disarm()
    let delay = checker.info.intervals.next(
      succeeded: succeeded, transition, hasTraffic: checker.hasTraffic, random: &loop.random)
    intervalTimer.arm(loop, self, id: TimerID.interval, after: delay)
  }

  // MARK: Connections

  /// Begins to connect to where the host is to be asked.
  func connect(delegate: ConnectionDelegate) throws(SystemError) -> Connection {
    let socket = try host.connect(to: host.healthCheckAddress)
    let transport = checker.main.healthCheckTLS.makeSocket(to: host, alpn: checker.info.config.alpnProtocols)
    return try Connection(loop, taking: socket, connecting: true, delegate: delegate, transportSocket: transport)
  }
}
