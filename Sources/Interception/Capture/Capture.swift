import EnvoyConfig
import Proxy
import Reactor

/// How the app's connections come to the proxy: what differs between the modes (docs/architecture.md, Interception).
///
///     extend      what the configuration needs beside what every mode adds
///     configure   what the agent is asked for, beside starting the app
///     open        the sockets, once the agent has prepared what was asked
///     sockets     which of the listeners an app comes by
///     policies    where a connection was going, and what becomes of it
///     dialer      how the app's own ports are reached
///     close       the app is gone
///     agentEnded  so is the agent
protocol Capture: AnyObject {
  func extend(_ plan: inout InterceptionPlan)

  func configure(_ settings: inout Agent.Settings, _ plan: InterceptionPlan)

  /// Waits for the agent; called once.
  /// - Throws: AgentFailure: this machine refuses a step; InterceptionError.
  func open(_ agent: Agent) throws -> CaptureSockets

  /// Those of a listener beside the one that takes all; nil for one that binds its own.
  func sockets(of listener: Listener) -> DescriptorList?

  /// By the name of the listener that an app comes by.
  func policies(
    _ plan: InterceptionPlan, _ addresses: VirtualAddresses, _ policy: OutboundTrafficPolicy, _ resolver: HostResolver
  ) -> [String: any CapturePolicy]

  /// For clusters of inbound listeners; nil where they are reached as any host.
  func dialer(_ agent: Agent) -> (any UpstreamDialer)?

  func close()

  func agentEnded()
}

extension Capture {
  func extend(_ plan: inout InterceptionPlan) {}
  func sockets(of listener: Listener) -> DescriptorList? { nil }
  func policies(
    _ plan: InterceptionPlan, _ addresses: VirtualAddresses, _ policy: OutboundTrafficPolicy, _ resolver: HostResolver
  ) -> [String: any CapturePolicy] {
    [plan.captureListener: plan.capturePolicy(addresses, policy, resolver)]
  }
  func dialer(_ agent: Agent) -> (any UpstreamDialer)? { nil }
  func close() {}
  func agentEnded() {}
}
