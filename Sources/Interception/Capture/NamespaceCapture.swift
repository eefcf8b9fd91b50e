import Proxy

/// A network namespace of the app's own, in which every address is local: sockets made inside take what it sends to any.
final class NamespaceCapture: Capture {
  private let variant: NamespaceVariant?
  private let relaysDatagrams: Bool

  /// - Parameter variant: nil for the first that works.
  init(variant: NamespaceVariant?, relaysDatagrams: Bool) {
    self.variant = variant
    self.relaysDatagrams = relaysDatagrams
  }

  func configure(_ settings: inout Agent.Settings, _ plan: InterceptionPlan) {
    settings.isolates = true
    settings.resolver = ResolverSettings.lines(host: SmallFile.read("/etc/resolv.conf") ?? "")
    settings.ports = plan.loopbackPorts
    settings.capturedPorts = plan.capturedPorts
    settings.variant = variant
    settings.relaysDatagrams = relaysDatagrams
  }

  func open(_ agent: Agent) throws -> CaptureSockets { try agent.waitForSockets() }

  func dialer(_ agent: Agent) -> (any UpstreamDialer)? { agent.sockets }
}
