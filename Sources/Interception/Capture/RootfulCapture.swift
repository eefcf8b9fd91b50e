/// Rules of this network namespace, for the app alone: it stays on the host, with whatever else runs there.
final class RootfulCapture: Capture {
  func configure(_ settings: inout Agent.Settings, _ plan: InterceptionPlan) {
    settings.isRootful = true
    settings.ports = plan.loopbackPorts
    settings.capturedPorts = plan.capturedPorts
  }

  func open(_ agent: Agent) throws -> CaptureSockets { try agent.waitForSockets() }
}
