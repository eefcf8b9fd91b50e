import CPillionNS
import EnvoyConfig
import Proxy
import Reactor

/// What becomes of the app's connections: those to ports of the host's loopback go there, and where only the configuration's
/// names are allowed, all that it does not know is reset.
package struct CapturedOutbound: CapturePolicy {
  /// The listener that takes connections to the host's own ports.
  package static let hostListener = "pillion_host"
  /// Where the capture listener stands inside.
  package static let capturePort = UInt16(PL_NS_CAPTURE_PORT)

  private let addresses: VirtualAddresses
  private let names: RoutedNames
  private let resolver: HostResolver
  private let policy: OutboundTrafficPolicy
  /// What of the host's loopback the app may use. Nil for one on the host, whose loopback is not captured.
  private let loopback: LoopbackPlaces?
  /// What the rules let through of loopback is open then.
  private let opensAllPorts: Bool
  /// What the configuration names by its address.
  private let known: [AddressRange]
  private let ownAddresses: [Reactor.SocketAddress]

  init(
    _ addresses: VirtualAddresses, _ names: RoutedNames, _ resolver: HostResolver, policy: OutboundTrafficPolicy,
    loopback: LoopbackPlaces?, opensAllPorts: Bool, known: [AddressRange]
  ) {
    self.addresses = addresses
    self.names = names
    self.policy = policy
    self.resolver = resolver
    self.loopback = loopback
    self.opensAllPorts = opensAllPorts
    self.known = known
    let inside = loopback == nil ? [] : ["10.244.0.2", "fd00:244::2"]
    ownAddresses = inside.compactMap { Reactor.SocketAddress(ip: $0, port: 0) }
  }

  package func decide(_ destination: Reactor.SocketAddress) -> CaptureDecision {
    if isOwn(destination) { return decideOwn(destination) }
    if VirtualAddresses.isHost(destination) { return handToHost(destination.port) }
    if let name = addresses.name(of: destination) { return decide(name, port: destination.port) }
    if policy == .allowAny { return .serve }
    return known.contains { $0.contains(destination) } ? .serve : .reset
  }

  /// Where listeners capture, whatever is asked of their ports comes here.
  private func decideOwn(_ destination: Reactor.SocketAddress) -> CaptureDecision {
    if destination.port == Self.capturePort { return .reset }
    return switch loopback?.decide(destination, opensAllPorts: opensAllPorts) {
    case .listener: .serve
    case .host(let address): .hand(listener: Self.hostListener, destination: address)
    case .none?, nil: .reset
    }
  }

  /// A name has an address of ours for all its ports, and may be routed at some of them only.
  private func decide(_ name: String, port: UInt16) -> CaptureDecision {
    if names.contains(name, port: port) { return .serve }
    return policy == .allowAny ? .resolve(name: name) : .reset
  }

  package func resolve(_ name: String, _ answer: @escaping @Sendable (Reactor.SocketAddress?) -> Void) {
    do throws(SystemError) {
      try resolver.address(of: name, answer)
    } catch {
      answer(nil)
    }
  }

  /// Whether it is the app's own machine, as the app sees it.
  private func isOwn(_ destination: Reactor.SocketAddress) -> Bool {
    destination.isLoopback || ownAddresses.contains(destination.with(port: 0))
  }

  private func handToHost(_ port: UInt16) -> CaptureDecision {
    guard let destination = Reactor.SocketAddress(ip: "127.0.0.1", port: port) else { return .reset }
    return .hand(listener: Self.hostListener, destination: destination)
  }
}
