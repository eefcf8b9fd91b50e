import Proxy

/// A network namespace of the app's own, in which every address is local: sockets made inside take what it sends to any.
final class NamespaceCapture: Capture {
  private let variant: NamespaceVariant?
  private let relaysDatagrams: Bool
  private let followsHostPorts: Bool

  /// - Parameter variant: nil for the first that works.
  init(variant: NamespaceVariant?, relaysDatagrams: Bool, followsHostPorts: Bool) {
    self.variant = variant
    self.relaysDatagrams = relaysDatagrams
    self.followsHostPorts = followsHostPorts
  }

  func extend(_ plan: inout InterceptionPlan) { plan.opensAllHostPorts = followsHostPorts }

  func configure(_ settings: inout Agent.Settings, _ plan: InterceptionPlan) {
    settings.place = .namespace
    settings.resolver = ResolverSettings.lines(host: SmallFile.read("/etc/resolv.conf") ?? "")
    settings.ports = plan.loopbackPorts
    settings.capturedPorts = plan.capturedPorts
    settings.variant = variant
    settings.relaysDatagrams = relaysDatagrams
    settings.changesPorts = followsHostPorts
  }

  func open(_ agent: Agent) throws -> CaptureSockets {
    let sockets = try agent.waitForSockets()
    agent.sockets.prepare()
    return sockets
  }

  func dialer(_ agent: Agent) -> (any UpstreamDialer)? { agent.sockets }
}
