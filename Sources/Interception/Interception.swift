import CLinux
import EnvoyConfig
import Glibc
import Proxy
import Reactor

/// An app beside the proxy, from the command line to its exit: what `pillion run -- APP` adds to serving.
///
///     init           the plan: the configuration with what interception adds; the agent begins
///     prepare        the agent is ready, and the sockets are there; or a step down the ladder
///     attach         DNS and the app's life on the main loop
///     start          GO
///     finish         the exit code
package final class Interception {
  package struct Options: Sendable {
    package var mode = InterceptionMode.auto
    /// Nil: the first that works.
    package var variant: NamespaceVariant?
    package var outbound = OutboundTrafficPolicy.allowAny
    /// Ports of the host's loopback that the app may use.
    package var hostPorts: [HostPort] = []
    /// What becomes of the app's datagrams that are no DNS.
    package var udp = DatagramPolicy.refuse
    /// Of the app's environment.
    package var variables: [AppVariable] = []
    /// For `pillion exec`; the app's own name when empty.
    package var name = ""
    /// From SIGTERM to SIGKILL.
    package var graceSeconds = 30
    /// The app and its arguments.
    package var command: [String]

    package init(command: [String]) { self.command = command }

    var followsHostPorts: Bool { hostPorts.contains(.auto) }

    /// The app's name without its folder.
    var appName: String {
      let path = command.first ?? ""
      return path.split(separator: "/").last.map { String($0) } ?? path
    }
  }

  private let options: Options
  private let configured: Bootstrap
  private let addresses: VirtualAddresses
  /// Of all who ask for names: its threads are a limit on what is asked at a time.
  private let resolver = HostResolver()
  /// The user's own, from before the app.
  private let usersChildren: Set<pid_t>
  private var rung: Rung
  /// Those below it, for a machine that refuses it.
  private var rungsBelow: ArraySlice<InterceptionMode>
  private var sockets: CaptureSockets?
  private var dns: DNSServer?
  private var relay: UDPRelay?
  private var hostPorts: HostPortWatcher?
  private var hint: LoopbackHint?
  private var life: AppLife?

  /// Whether the user ignores SIGCHLD.
  private let ignoresChildren: Bool

  /// A mode, and the agent that prepares it.
  private struct Rung {
    /// Nil where nothing is captured, as is the plan.
    let capture: (any Capture)?
    private(set) var plan: InterceptionPlan?
    let agent: Agent

    init(_ mode: InterceptionMode, _ bootstrap: Bootstrap, _ options: Options, ignoresChildren: Bool)
      throws(SystemError)
    {
      capture = try mode.makeCapture(options)
      var settings = Agent.Settings()
      settings.name = options.name.isEmpty ? options.appName : options.name
      settings.command = options.command
      settings.ignoresChildren = ignoresChildren
      settings.variables = AppVariable.environment(options.variables) { _ in nil }
      if let capture {
        let given = Set(options.variables.map(\.name))
        settings.variables += ProxyVariables.ofOthers { name in getenv(name).map { String(cString: $0) } }
          .filter { !given.contains($0) }
        var plan = InterceptionPlan(
          bootstrap, hostPorts: options.hostPorts.compactMap(\.number), targets: options.variables.flatMap(\.targets))
        capture.extend(&plan)
        capture.configure(&settings, plan)
        self.plan = plan
      }
      agent = try Agent(settings)
    }
  }

  /// Starts the agent, which prepares what is needed meanwhile.
  /// - Throws: ConfigErrors about names that are ours; SystemError.
  package init(_ bootstrap: Bootstrap, _ options: Options) throws {
    let taken = options.mode == .off ? [] : InterceptionPlan.reservedNames(in: bootstrap)
    if !taken.isEmpty { throw ConfigErrors(taken) }
    self.options = options
    configured = bootstrap
    usersChildren = Set(ProcessEnd.children())
    ignoresChildren = ProcessEnd.mindChildren()
    ProcessEnd.adoptOrphans()
    let rungs = options.mode.rungs(options)
    rungsBelow = rungs.dropFirst()
    rung = try Rung(rungs.first ?? options.mode, bootstrap, options, ignoresChildren: ignoresChildren)
    addresses = VirtualAddresses(rung.plan?.names.exact ?? [])
  }

  /// Waits until the app's connections can come.
  /// - Parameter say: told of each step down the ladder, in a line.
  /// - Throws: InterceptionError, which says what this machine refuses and how that is mended; ConfigErrors about what
  ///   cannot be where the app is on the host.
  package func prepare(_ say: (String) -> Void) throws {
    do {
      try open()
    } catch let failure as AgentFailure {
      let machine = Machine.current()
      guard let next = rungsBelow.popFirst() else {
        throw InterceptionError(Ladder.explanation(of: failure, machine))
      }
      say(Ladder.step(to: next, because: failure, machine))
      rung.agent.hangUp()
      rung.agent.waitForEnd()
      rung = try Rung(next, configured, options, ignoresChildren: ignoresChildren)
      try prepare(say)
    }
  }

  private func open() throws {
    guard let capture = rung.capture else { return try rung.agent.waitUntilReady() }
    let taken = capture.dialer(rung.agent) == nil ? rung.plan?.takenAddresses ?? [] : []
    if !taken.isEmpty { throw ConfigErrors(taken) }
    sockets = try capture.open(rung.agent)
  }

  /// The configuration, with what interception adds; once it is prepared.
  package var bootstrap: Bootstrap { rung.plan?.bootstrap ?? configured }

  /// The sockets of a listener by which the app comes; nil for any other.
  package func captureSockets(of listener: Listener) -> DescriptorList? {
    listener.name == rung.plan?.captureListener ? sockets?.captures : rung.capture?.sockets(of: listener)
  }

  /// What the compiled configuration has to know of the app.
  package func apply(to compiler: inout SnapshotCompiler) {
    guard let plan = rung.plan, let capture = rung.capture else { return }
    compiler.captures = capture.policies(plan, addresses, options.outbound, resolver)
    guard let dialer = capture.dialer(rung.agent) else { return }
    compiler.dialers = Dictionary(
      plan.insideClusters.map { ($0, dialer) }, uniquingKeysWith: { first, _ in first })
  }

  /// Answers the app's questions and minds its life, on the main loop.
  package func attach(to main: MainLoop) throws {
    if let plan = rung.plan, var sockets = sockets.take() {
      main.log.info("the app's connections come by \(sockets.variant)\(sockets.hasIPv6 ? "" : ", without IPv6")")
      if sockets.variant == NamespaceVariant.anyip.rawValue {
        let ports = plan.capturedPorts.map { "\($0)" }.joined(separator: ", ")
        main.log.warning("without nftables the app reaches these ports of others only: \(ports)")
      }
      hostPorts = try makeHostPorts(main, plan, sockets.portChanges, variant: sockets.variant)
      relay = try makeRelay(main, sockets.datagrams.take(), plan, variant: sockets.variant)
      if let dns = sockets.dns.take() {
        let responder = makeResponder(plan, hasIPv6: sockets.hasIPv6)
        self.dns = try DNSServer(main.loop, responder, resolver, dns)
      }
      if rung.capture?.dialer(rung.agent) != nil {
        hint = LoopbackHint(
          main.loop, main.log, command: options.appName, ports: plan.insidePorts, process: rung.agent.pid)
      }
    }
    for found in rung.agent.remains { main.log.warning("\(found)") }
    let life = try AppLife(
      rung.agent, main, command: options.appName, graceSeconds: options.graceSeconds, sparing: usersChildren
    ) { [unowned self] in appEnded() }
    self.life = life
    main.appSignals = { [unowned life] in life.received(signal: $0, fromTerminal: $1) }
  }

  private func makeResponder(_ plan: InterceptionPlan, hasIPv6: Bool) -> DNSResponder {
    DNSResponder(
      plan.names, addresses, policy: options.outbound, hasIPv6: hasIPv6, hostHasIPv6: HostResolver.hostHasIPv6(),
      search: ResolverSettings.search(host: SmallFile.read("/etc/resolv.conf") ?? ""))
  }

  private func appEnded() {
    dns?.close()
    relay?.close()
    hostPorts?.close()
    hint?.close()
    rung.capture?.close()
  }

  /// - Throws: they are to be followed, and would go before the app's own ports.
  private func makeHostPorts(
    _ main: MainLoop, _ plan: InterceptionPlan, _ changes: DescriptorList, variant: String
  ) throws(InterceptionError) -> HostPortWatcher? {
    guard plan.opensAllHostPorts else { return nil }
    if changes.numbers.isEmpty {
      throw InterceptionError(
        "--host-port auto needs nftables' tproxy and socket, which this machine does not have: connections come by "
          + variant)
    }
    return HostPortWatcher(main.loop, main.log, changes: changes, others: plan.unfollowedPorts)
  }

  /// - Throws: datagrams are to be relayed, and nobody knows where they were to go.
  private func makeRelay(
    _ main: MainLoop, _ capture: consuming Descriptor?, _ plan: InterceptionPlan, variant: String
  ) throws -> UDPRelay? {
    guard options.udp == .relay else { return nil }
    guard let capture = capture.take() else {
      throw InterceptionError(
        "--udp relay needs nftables' tproxy, which this machine does not have: connections come by \(variant)")
    }
    return try UDPRelay(
      main.loop, main.log, capture: capture, rung.agent.sockets,
      plan.capturePolicy(addresses, options.outbound, resolver), addresses)
  }

  /// The proxy serves.
  package func start() { life?.start() }

  /// After the proxy has ended: waits until nothing of the app is left, and ends as it did.
  /// - Returns: the exit code of this process. Where a signal ended the app, this process dies by it.
  package func finish() throws(InterceptionError) -> Int32 {
    rung.agent.hangUp()
    let code = rung.agent.waitForEnd()
    rung.capture?.agentEnded()
    switch life?.outcome {
    case .exited(let code): return code
    case .killed(let signal):
      ProcessEnd.die(by: signal)
      return 128 + signal
    case .notRun(let error): throw error
    case nil: return code
    }
  }
}
