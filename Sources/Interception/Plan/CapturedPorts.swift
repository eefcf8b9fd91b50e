import CPillionNS
import EnvoyConfig
import Reactor

extension InterceptionPlan {
  /// The ports at which listeners stand inside where nothing else can capture: HTTP's and HTTPS's, those that the configuration
  /// names for what goes out, and those of the host's loopback. Not the app's own, where it could not listen any more.
  package var capturedPorts: [UInt16] {
    let outbound = bootstrap.staticResources.listeners.filter {
      $0.trafficDirection != .inbound && $0.name != Self.defaultListener && $0.name != CapturedOutbound.hostListener
    }
    let named = outbound.flatMap(\.destinationPorts) + [80, 443] + loopbackPorts
    return Set(named).subtracting(insidePorts).subtracting([0, UInt16(PL_NS_DNS_PORT)]).sorted()
  }
}

extension Listener {
  /// What connections to it, or to others through it, are sent to.
  fileprivate var destinationPorts: [UInt16] {
    let chains = filterChains + (defaultFilterChain.map { [$0] } ?? [])
    var ports = chains.compactMap(\.filterChainMatch.destinationPort)
    if !bindToPort, case .socketAddress(let address) = address { ports.append(address.portValue) }
    for case .httpConnectionManager(let manager) in chains.flatMap(\.filters).map(\.config) {
      ports += manager.routeConfig.virtualHosts.flatMap(\.domains).compactMap(Self.port)
    }
    return ports
  }

  /// 8080 of "api.test:8080".
  private static func port(ofDomain domain: String) -> UInt16? {
    domain.lastIndex(of: ":").flatMap { UInt16(domain[domain.index(after: $0)...]) }
  }
}
