import Proxy
import Reactor

/// The app stays on the host; its calls stop, and a supervisor points them at sockets of loopback.
final class TrapCapture: Capture {
  private let policy: OutboundTrafficPolicy
  private let tokens = TokenAddresses()
  private var supervisor: TrapSupervisor?

  init(_ policy: OutboundTrafficPolicy) { self.policy = policy }

  func configure(_ settings: inout Agent.Settings, _ plan: InterceptionPlan) {
    settings.place = .trap(strictly: policy == .registryOnly)
  }

  func open(_ agent: Agent) throws -> CaptureSockets {
    let trapped = try agent.waitUntilTrapped()
    let access = TrapAccess(to: trapped.app)
    if let failure = access.failure { throw failure }
    do throws(SystemError) {
      return try open(trapped, access)
    } catch {
      throw AgentFailure(step: error.call == "seccomp" ? "seccomp" : "trap sockets", code: error.code)
    }
  }

  private func open(_ trapped: consuming Agent.Trapped, _ access: TrapAccess) throws(SystemError) -> CaptureSockets {
    let capture = try TrapSockets.capture()
    let dns = CaptureSockets.DNS(udp: try TrapSockets.dnsUDP(), tcp: try TrapSockets.dnsTCP())
    let rules = TrapRules(
      tokens, policy: policy, capturePort: try TrapSockets.address(capture).port,
      dnsUDP: try TrapSockets.address(dns.udp), dnsTCP: try TrapSockets.address(dns.tcp))
    supervisor = try TrapSupervisor(trapped.takeNotifications(), rules)
    let captures = DescriptorList()
    captures.numbers = [capture.release()]
    return CaptureSockets(captures: captures, dns: dns, variant: access.variant)
  }

  func policies(
    _ plan: InterceptionPlan, _ addresses: VirtualAddresses, _ policy: OutboundTrafficPolicy, _ resolver: HostResolver
  ) -> [String: any CapturePolicy] {
    let captured = plan.capturePolicy(addresses, policy, resolver, isInside: false)
    return [plan.captureListener: TrappedOutbound(tokens: tokens, captured: captured)]
  }

  /// What the app leaves behind calls on until it has been ended.
  func agentEnded() { supervisor?.stop() }
}
