import CLinux
import EnvoyConfig
import Glibc
import Proxy
import Reactor

/// An app beside the proxy, from the command line to its exit: what `pillion run -- APP` adds to serving.
///
///     init           the plan: the configuration with what interception adds
///     prepare        the agent, and the namespace with its sockets
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
    package var hostPorts: [UInt16] = []
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

    /// The app's name without its folder.
    var appName: String {
      let path = command.first ?? ""
      return path.split(separator: "/").last.map { String($0) } ?? path
    }
  }

  private let options: Options
  private let plan: InterceptionPlan?
  /// Where the app comes by ports of loopback.
  private let ports: LoopbackPorts?
  private let addresses: VirtualAddresses
  private let configured: Bootstrap
  private let agent: Agent
  private var inside: Agent.Inside?
  private var dns: DNSServer?
  private var relay: UDPRelay?
  private var life: AppLife?

  /// Starts the agent, which prepares the namespace meanwhile.
  package init(_ bootstrap: Bootstrap, _ options: Options) throws(SystemError) {
    self.options = options
    configured = bootstrap
    var plan =
      options.mode == .off
      ? nil
      : InterceptionPlan(
        bootstrap, hostPorts: options.hostPorts, targets: options.variables.flatMap(\.targets))
    let ports = options.mode == .explicit ? try LoopbackPorts(options.variables.flatMap(\.targets)) : nil
    if let ports { plan?.addForwardProxy(ports) }
    self.plan = plan
    self.ports = ports
    addresses = VirtualAddresses(plan?.names.exact ?? [])
    var settings = Agent.Settings()
    settings.isolates = plan != nil
    settings.name = options.name.isEmpty ? options.appName : options.name
    settings.resolver = ResolverSettings.lines(host: SmallFile.read("/etc/resolv.conf") ?? "")
    settings.ports = plan?.loopbackPorts ?? []
    settings.capturedPorts = plan?.capturedPorts ?? []
    settings.variant = options.variant
    settings.isRootful = options.mode == .rootful
    if settings.isRootful { settings.isolates = false }
    settings.command = options.command
    settings.relaysDatagrams = options.udp == .relay
    settings.variables =
      ports?.variables(options.variables) { name in getenv(name).map { String(cString: $0) } }
      ?? AppVariable.environment(options.variables) { _ in nil }
    if ports != nil { settings.isolates = false }
    ProcessEnd.adoptOrphans()
    agent = try Agent(settings)
  }

  /// The configuration, with what interception adds.
  package var bootstrap: Bootstrap { plan?.bootstrap ?? configured }

  /// Waits for the namespace.
  /// - Throws: InterceptionError, which says what this machine refuses and how that is mended.
  package func prepare() throws {
    do {
      if plan == nil || ports != nil { try agent.waitUntilReadyOnHost() } else { inside = try agent.waitUntilReady() }
    } catch let failure as AgentFailure {
      throw InterceptionError(Ladder.explanation(of: failure, Machine.current()))
    }
  }

  /// The sockets of a listener that stands inside; nil for one that stands on the host.
  package func captureSockets(of listener: Listener) -> DescriptorList? {
    if let ports { return plan?.sockets(of: listener, ports) }
    return listener.name == plan?.captureListener ? inside?.captures : nil
  }

  /// What the compiled configuration has to know of the app.
  package func apply(to compiler: inout SnapshotCompiler) {
    guard let plan else { return }
    if let ports {
      compiler.captures = plan.explicitPolicies(addresses, options.outbound, ports)
      return
    }
    compiler.captures = [plan.captureListener: plan.capturePolicy(addresses, options.outbound)]
    compiler.dialers = Dictionary(
      plan.insideClusters.map { ($0, agent.sockets as any UpstreamDialer) }, uniquingKeysWith: { first, _ in first })
  }

  /// Answers the app's questions and minds its life, on the main loop.
  package func attach(to main: MainLoop) throws {
    if let plan, var inside = inside.take() {
      let responder = DNSResponder(
        plan.names, addresses, policy: options.outbound, hasIPv6: inside.hasIPv6,
        hostHasIPv6: HostResolver.hostHasIPv6(),
        search: ResolverSettings.search(host: SmallFile.read("/etc/resolv.conf") ?? ""))
      main.log.info("the app's connections come by \(inside.variant)\(inside.hasIPv6 ? "" : ", without IPv6")")
      relay = try makeRelay(main.loop, inside.datagrams.take(), plan, variant: inside.variant)
      dns = try DNSServer(main.loop, responder, udp: inside.dnsUDP, tcp: inside.dnsTCP)
    }
    let life = try AppLife(agent, main, command: options.appName, graceSeconds: options.graceSeconds) {
      [unowned self] in
      dns?.close()
      relay?.close()
    }
    self.life = life
    main.appSignals = { [unowned life] in life.received(signal: $0, fromTerminal: $1) }
  }

  /// - Throws: datagrams are to be relayed, and nobody knows where they were to go.
  private func makeRelay(
    _ loop: EventLoop, _ capture: consuming Descriptor?, _ plan: InterceptionPlan, variant: String
  ) throws -> UDPRelay? {
    guard options.udp == .relay else { return nil }
    guard let capture = capture.take() else {
      throw InterceptionError(
        "--udp relay needs nftables' tproxy, which this machine does not have: connections come by \(variant)")
    }
    return try UDPRelay(
      loop, capture: capture, agent.sockets, plan.capturePolicy(addresses, options.outbound), addresses)
  }

  /// The proxy serves.
  package func start() { life?.start() }

  /// After the proxy has ended: waits until nothing of the app is left, and ends as it did.
  /// - Returns: the exit code of this process. Where a signal ended the app, this process dies by it.
  package func finish() throws(InterceptionError) -> Int32 {
    agent.hangUp()
    let code = agent.waitForEnd()
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
