import Proxy

/// Rules of this network namespace, for the app alone: it stays on the host, with whatever else runs there.
final class RootfulCapture: Capture {
  private let policy: OutboundTrafficPolicy

  init(_ policy: OutboundTrafficPolicy) { self.policy = policy }

  func configure(_ settings: inout Agent.Settings, _ plan: InterceptionPlan) {
    settings.place = .rootful(refusingOthers: policy == .registryOnly)
  }

  func open(_ agent: Agent) throws -> CaptureSockets { try agent.waitForSockets() }

  func policies(
    _ plan: InterceptionPlan, _ addresses: VirtualAddresses, _ policy: OutboundTrafficPolicy, _ resolver: HostResolver
  ) -> [String: any CapturePolicy] {
    [plan.captureListener: plan.capturePolicy(addresses, policy, resolver, isInside: false)]
  }

  /// One that was killed has left its cgroup.
  func agentEnded() { _ = try? Remains.find(removing: true) }
}
