import EnvoyConfig
import Glibc
import Proxy
import Reactor

/// Nothing is captured: the app is told of a forward proxy, and of a port of loopback for each name that it is to use without one.
final class ExplicitCapture: Capture {
  private let variables: [AppVariable]
  private let ports: LoopbackPorts

  /// - Throws: there is no port left.
  init(_ variables: [AppVariable]) throws(SystemError) {
    self.variables = variables
    ports = try LoopbackPorts(variables.flatMap(\.targets))
  }

  func extend(_ plan: inout InterceptionPlan) { plan.addForwardProxy(ports) }

  func configure(_ settings: inout Agent.Settings, _ plan: InterceptionPlan) {
    settings.variables = ports.variables(variables) { name in getenv(name).map { String(cString: $0) } }
  }

  func open(_ agent: Agent) throws -> CaptureSockets {
    try agent.waitUntilReady()
    return CaptureSockets(captures: ports.proxy, variant: ports.description)
  }

  func sockets(of listener: Listener) -> DescriptorList? {
    ports.targets.first { InterceptionPlan.listener(of: $0.key) == listener.name }?.value.sockets
  }

  func policies(
    _ plan: InterceptionPlan, _ addresses: VirtualAddresses, _ policy: OutboundTrafficPolicy, _ resolver: HostResolver
  ) -> [String: any CapturePolicy] {
    plan.explicitPolicies(addresses, policy, resolver, ports)
  }
}
