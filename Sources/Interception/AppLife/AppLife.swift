import CPillionNS
import Glibc
import Logging
import Proxy
import Reactor

/// The app, from GO to its end: a handler of the agent's channel on the main loop, its only reader.
///
///     waiting --GO--> running --EXIT--> ended       (the agent ends what was left behind, and then itself)
///                       |  \--SIGTERM: inbound stops, the app is told; grace over: KILL to all--> ended
///                       +--the agent is gone--> lost
package final class AppLife: EventHandler {
  /// How the app ended.
  package enum Outcome: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
    /// It was not run: why, and the exit code of shells for that.
    case notRun(InterceptionError)
  }

  /// Seconds that what the app has said may take on its way out, once it has ended.
  private static let lastWordsSeconds = 5

  /// One that sleeps in the kernel is not waited for.
  private static let killRounds = 400
  private static let killRoundNanoseconds: Int64 = 5_000_000

  private enum Delay: UInt8 {
    case grace, killing
  }

  private let agent: Agent
  private let main: MainLoop
  private let graceSeconds: Int
  private let command: String
  private var registration: Registration?
  private var graceTimer = Timer()
  private var killTimer = Timer()
  private var killRoundsLeft = AppLife.killRounds
  private let spared: Set<pid_t>
  private var hasBegun = false
  private var isTerminating = false
  package private(set) var outcome: Outcome?
  /// Called when the app has ended.
  private let ended: () -> Void

  /// - Parameters:
  ///   - graceSeconds: from SIGTERM to SIGKILL.
  ///   - spared: children of this process that are the user's own.
  ///   - ended: called once, before the proxy ends.
  package init(
    _ agent: Agent, _ main: MainLoop, command: String, graceSeconds: Int, sparing spared: Set<pid_t>,
    ended: @escaping () -> Void
  ) throws(SystemError) {
    self.agent = agent
    self.main = main
    self.command = command
    self.graceSeconds = graceSeconds
    self.spared = spared
    self.ended = ended
    super.init()
    guard fcntl(agent.control, F_SETFL, O_NONBLOCK) == 0 else { throw SystemError("fcntl") }
    registration = try main.loop.register(agent.control, self)
  }

  /// The proxy serves: the app may begin.
  package func start() {
    if outcome != nil { return }
    hasBegun = true
    tell(PL_NS_GO)
  }

  private func tell(_ type: pl_ns_type, _ argument: Int32 = 0) {
    // An agent that is gone is noticed by the end of its channel.
    try? AgentMessage(type, a: UInt32(bitPattern: argument)).send(to: agent.control)
  }

  // MARK: The agent

  package override func ready(_ readiness: Readiness) {
    while registration != nil {
      do throws(SystemError) {
        guard let message = try AgentMessage(from: agent.control) else { return lost() }
        received(message)
      } catch {
        if error.code != EAGAIN { lost() }
        return
      }
    }
  }

  private func received(_ message: borrowing AgentMessage) {
    switch message.type {
    case PL_NS_STARTED.rawValue: main.log.info("started \(command) as process \(message.a)")
    case PL_NS_EXIT.rawValue:
      let status = Int32(bitPattern: message.a)
      if message.b != 0 { main.log.warning("\(command) has ended and left processes behind: ending them") }
      finish(
        pl_ns_exited(status)
          ? .exited(pl_ns_exit_code(status)) : .killed(signal: pl_ns_term_signal(status)))
    case PL_NS_ERROR.rawValue:
      let error = SystemError("exec", code: Int32(bitPattern: message.a))
      finish(
        .notRun(
          InterceptionError(
            "cannot run '\(command)': \(error.reason)", exitCode: Int32(bitPattern: message.b))))
    default: break
    }
  }

  /// The agent ended without a word: whatever it had started is ended with it.
  private func lost() {
    leave()
    if outcome == nil { endOrphans() }
  }

  /// What a killed agent leaves comes to us, and what each of those leaves as well, in turn.
  private func endOrphans() {
    killRoundsLeft -= 1
    if ProcessEnd.killChildren(but: spared), killRoundsLeft > 0 {
      return killTimer.arm(main.loop, self, id: Delay.killing.rawValue, after: Self.killRoundNanoseconds)
    }
    finish(.notRun(InterceptionError("the agent of '\(command)' was killed, and the app with it")))
  }

  private func leave() {
    if let registration { main.loop.unwatch(registration, agent.control) }
    registration = nil
  }

  private func finish(_ outcome: Outcome) {
    if self.outcome != nil { return }
    self.outcome = outcome
    graceTimer.disarm()
    killTimer.disarm()
    ended()
    main.drain(within: Self.lastWordsSeconds)
  }

  // MARK: Signals

  /// A signal for the process that the user takes for the app.
  /// - Parameter fromTerminal: the terminal has sent it to all of its foreground, the app included.
  package func received(signal: Int32, fromTerminal: Bool) {
    if !hasBegun { return endBeforeTheApp(signal) }
    if fromTerminal { return }
    if signal == SIGTERM, !isTerminating {
      isTerminating = true
      main.log.info("caught SIGTERM: \(command) has \(graceSeconds) s to end")
      main.stopInbound()
      graceTimer.arm(main.loop, self, id: Delay.grace.rawValue, after: Int64(graceSeconds) * 1_000_000_000)
    }
    tell(PL_NS_SIGNAL, signal)
  }

  /// While clusters warm up there is nobody yet to pass a signal on to: it ends us as it would have ended the app.
  private func endBeforeTheApp(_ signal: Int32) {
    guard [SIGTERM, SIGINT, SIGQUIT, SIGHUP].contains(signal) else { return }
    finish(.killed(signal: signal))
  }

  package override func timerFired(_ id: UInt8) {
    if id == Delay.killing.rawValue { return endOrphans() }
    main.log.warning("\(command) did not end within \(graceSeconds) s: killing it")
    tell(PL_NS_KILL_ALL, SIGKILL)
  }
}
