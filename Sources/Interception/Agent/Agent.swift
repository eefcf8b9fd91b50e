import CPillionNS
import Glibc
import Reactor

/// The agent's process (docs/architecture.md), from its start to its end.
package final class Agent {
  /// An app on the host that waits to be let go, and whose calls stop.
  struct Trapped: ~Copyable {
    private let notifications: Descriptor
    let app: pid_t

    fileprivate init(_ notifications: consuming Descriptor, app: pid_t) {
      self.notifications = notifications
      self.app = app
    }

    /// By which its calls are told and answered.
    consuming func takeNotifications() -> Descriptor { notifications }
  }

  package struct Settings {
    /// Where the app runs.
    package enum Place: Equatable {
      /// On the host, as it would without us.
      case host
      /// In a namespace of its own.
      case namespace
      /// On the host, and its connects stop until we have answered for them; `strictly`: it has no other way out.
      case trap(strictly: Bool)
      /// On the host, with rules of the host's for it; `refusingOthers`: what does not come to the proxy does not get out.
      case rootful(refusingOthers: Bool)

      var arguments: [String] {
        switch self {
        case .host: ["host=1"]
        case .namespace: []
        case .trap(let strictly): ["host=1", "trap=1"] + (strictly ? ["strict=1"] : [])
        case .rootful(let refusingOthers): ["host=1", "rootful=1"] + (refusingOthers ? ["refuse=1"] : [])
        }
      }
    }

    package var place = Place.host
    /// Whether the app's datagrams come to the proxy too, where the capture can tell where they were to go.
    package var relaysDatagrams = false
    /// For `pillion exec`.
    package var name = ""
    /// Lines of the app's resolv.conf; empty leaves the host's.
    package var resolver: [String] = []
    /// Of the host's loopback.
    package var ports: [UInt16] = []
    /// Whether they change while the app runs.
    package var changesPorts = false
    /// Those of listeners, where nothing else captures.
    package var capturedPorts: [UInt16] = []
    /// Nil: the first that works.
    package var variant: NamespaceVariant?
    /// The user ignores SIGCHLD, and so does the app.
    package var ignoresChildren = false
    /// The app and its arguments.
    package var command: [String] = []
    /// "NAME=VALUE", in the place of the user's own of these names, or "NAME" for none.
    package var variables: [String] = []

    package init() {}

    func arguments(control: Int32, sockets: Int32) -> [String] {
      var arguments = [PL_NS_NAME, "agent", "control=\(control)", "sockets=\(sockets)", "name=\(name)"]
      arguments += place.arguments
      if let variant { arguments.append("variant=\(variant.rawValue)") }
      if changesPorts { arguments.append("changing=1") }
      if relaysDatagrams { arguments.append("datagrams=1") }
      if !resolver.isEmpty { arguments.append("resolver=" + resolver.joined(separator: ";")) }
      arguments.append("ports=" + ports.map { "\($0)" }.joined(separator: ","))
      arguments.append("captured=" + capturedPorts.map { "\($0)" }.joined(separator: ","))
      if ignoresChildren { arguments.append("nochildren=1") }
      // Not the agent's own: what is preloaded into the app has no business there.
      arguments += variables.map { "env=" + $0 }
      return arguments + ["--"] + command
    }
  }

  private static let patienceMilliseconds: Int32 = 10_000
  /// A wait status: exit code 125.
  private static let unknownEnd: Int32 = 125 << 8

  package let pid: pid_t
  /// Where ``AppLife`` listens.
  private(set) var control: Int32
  /// What dials the app.
  package let sockets: InsideSockets
  /// What earlier agents had left on the host.
  package private(set) var remains: [Remains.Found] = []
  private var exitStatus: Int32?

  /// Starts it; it prepares the namespace while the caller goes on.
  package init(_ settings: Settings) throws(SystemError) {
    let control = try SocketPair()
    let sockets = try SocketPair()
    let arguments = settings.arguments(control: control.theirs.number, sockets: sockets.theirs.number)
    pid = try AgentProcess.spawn(arguments, keeping: [control.theirs.number, sockets.theirs.number])
    self.control = control.ours.release()
    self.sockets = InsideSockets(sockets.ours)
  }

  deinit { hangUp() }

  /// Ends the conversation: an agent whose app still runs ends it, in two seconds at the most.
  package func hangUp() {
    if control >= 0 { close(control) }
    control = -1
  }

  /// Waits until all that was asked for is prepared, and takes the sockets that capture.
  /// - Throws: AgentFailure: a step of it failed; InterceptionError: it took too long.
  func waitForSockets() throws -> CaptureSockets {
    let (captures, portChanges) = (DescriptorList(), DescriptorList())
    var ready = try nextMessage()
    while ready.type != PL_NS_READY.rawValue {
      switch ready.type {
      case PL_NS_CAPTURES.rawValue:
        let (promised, numbers) = (ready.a, ready.takeDescriptors())
        captures.numbers += numbers
        // Our own limit cuts them off.
        if numbers.count < promised { throw AgentFailure(step: "sockets", code: EMFILE) }
      case PL_NS_PORTS.rawValue: portChanges.numbers += ready.takeDescriptors()
      case PL_NS_STALE.rawValue: remains.append(Remains.Found(ready))
      default: throw Self.failure(ready)
      }
      ready = try nextMessage()
    }
    let (hasIPv6, variant, numbers) = (ready.c == 1, ready.text, ready.takeDescriptors())
    guard numbers.count == 3 || numbers.count == 4 else {
      for number in numbers { close(number) }
      throw InterceptionError("the agent handed over \(numbers.count) sockets in place of 3")
    }
    captures.numbers.append(numbers[0])
    return CaptureSockets(
      captures: captures, dns: .init(udp: Descriptor(numbers[1]), tcp: Descriptor(numbers[2])), hasIPv6: hasIPv6,
      datagrams: numbers.count == 4 ? Descriptor(numbers[3]) : nil, portChanges: portChanges, variant: variant)
  }

  /// The same where the app's calls are to be trapped.
  func waitUntilTrapped() throws -> Trapped {
    var ready = try nextMessage()
    let numbers = ready.takeDescriptors()
    guard ready.type == PL_NS_READY.rawValue, let notifications = numbers.first else { throw Self.failure(ready) }
    return Trapped(Descriptor(notifications), app: pid_t(bitPattern: ready.c))
  }

  /// The same where it has none.
  func waitUntilReady() throws {
    let ready = try nextMessage()
    if ready.type != PL_NS_READY.rawValue { throw Self.failure(ready) }
  }

  private func nextMessage() throws -> AgentMessage {
    var waiting = pollfd(fd: control, events: Int16(POLLIN), revents: 0)
    var result = poll(&waiting, 1, Self.patienceMilliseconds)
    // A stop and go at the terminal.
    while result < 0, errno == EINTR { result = poll(&waiting, 1, Self.patienceMilliseconds) }
    guard result > 0 else {
      throw InterceptionError("the agent was not ready within \(Self.patienceMilliseconds / 1000) s")
    }
    guard let message = try AgentMessage(from: control) else {
      throw InterceptionError("the agent ended before it was ready")
    }
    return message
  }

  private static func failure(_ message: borrowing AgentMessage) -> AgentFailure {
    AgentFailure(step: message.text, code: Int32(bitPattern: message.a))
  }

  /// Waits for its end, which the caller knows to be near.
  /// - Returns: its exit code, which is the app's as a shell would say it.
  @discardableResult
  package func waitForEnd() -> Int32 {
    if exitStatus == nil {
      var status: Int32 = 0
      var result = waitpid(pid, &status, 0)
      while result < 0, errno == EINTR { result = waitpid(pid, &status, 0) }
      // Somebody else has waited for it: all that is known is that it did not end well enough to be asked.
      exitStatus = result < 0 ? Self.unknownEnd : status
    }
    let status = exitStatus ?? 0
    return pl_ns_exited(status) ? pl_ns_exit_code(status) : 128 + pl_ns_term_signal(status)
  }
}

/// A step of the agent's that failed.
package struct AgentFailure: Error, Equatable {
  package let step: String
  /// errno.
  package let code: Int32

  package init(step: String, code: Int32) {
    self.step = step
    self.code = code
  }
}
