import Proxy
import Reactor

/// Where an app's connections go that come by a forward proxy: the configuration's names to their addresses, loopback to
/// the host's, and all else to where the host's resolver says, unless only the configuration's names are allowed.
struct ForwardedOutbound: ForwardPolicy {
  let requestListener = InterceptionPlan.requestListener

  private let addresses: VirtualAddresses
  private let names: RoutedNames
  private let policy: OutboundTrafficPolicy
  /// What the configuration names by its address.
  private let known: [AddressRange]
  /// Of the forward proxy, on 127.0.0.1.
  private let ownPort: UInt16

  init(
    _ addresses: VirtualAddresses, _ names: RoutedNames, policy: OutboundTrafficPolicy, known: [AddressRange],
    ownPort: UInt16
  ) {
    self.addresses = addresses
    self.names = names
    self.policy = policy
    self.known = known
    self.ownPort = ownPort
  }

  func decide(_ target: ForwardTarget) -> ForwardDecision {
    switch target.host {
    case .name(let name): decide(name, target)
    case .address(let address): decide(address, target)
    }
  }

  private func decide(_ name: String, _ target: ForwardTarget) -> ForwardDecision {
    if DNSResponder.hostNames.contains(name) || name == "localhost" || name.hasSuffix(".localhost") {
      return handToHost(SocketAddress(ip: "127.0.0.1", port: target.port), target)
    }
    if names.contains(name, port: target.port) {
      guard let address = addresses.pair(for: name)?.address(port: target.port) else {
        return .refuse(reason: "there are no addresses left for more names")
      }
      return .serve(address)
    }
    return policy == .allowAny ? .resolve(name: name) : refuse(target)
  }

  private func decide(_ address: SocketAddress, _ target: ForwardTarget) -> ForwardDecision {
    if address.isLoopback { return handToHost(address, target) }
    // To connect to no address is to connect to loopback.
    if address.ipBytes.allSatisfy({ $0 == 0 }) {
      return handToHost(SocketAddress(ip: "127.0.0.1", port: address.port), target)
    }
    return policy == .allowAny || known.contains { $0.contains(address) } ? .serve(address) : refuse(target)
  }

  private func handToHost(_ address: SocketAddress?, _ target: ForwardTarget) -> ForwardDecision {
    guard let address, address.port != ownPort else {
      return .refuse(reason: "\(target) is this forward proxy itself")
    }
    return .hand(listener: CapturedOutbound.hostListener, destination: address)
  }

  private func refuse(_ target: ForwardTarget) -> ForwardDecision {
    .refuse(reason: "the configuration does not know \(target), and nothing else is allowed (--outbound registry-only)")
  }
}
