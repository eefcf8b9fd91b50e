import EnvoyConfig
import Proxy
import Reactor

/// What interception makes of a configuration: which listener takes the app's connections, what is added to it, which
/// names and ports are whose. A value; nothing is opened.
package struct InterceptionPlan: Sendable {
  /// The listener that is added where the configuration has none for all outbound connections, and its cluster.
  package static let defaultListener = "pillion_outbound"
  package static let passthroughCluster = "pillion_passthrough"

  /// With what interception adds.
  package internal(set) var bootstrap: Bootstrap
  /// The name of the listener that takes what the app sends out.
  package let captureListener: String
  package private(set) var names: RoutedNames
  /// What of the host's loopback the app may use: the proxy's own listeners, the admin interface, the ports that were asked for.
  private let loopback: LoopbackPlaces
  /// Whether those are only the ones that are open for sure.
  var opensAllHostPorts = false
  /// The clusters of inbound listeners: their loopback hosts are the app's.
  package let insideClusters: Set<String>
  /// What the configuration names by its address.
  let known: [AddressRange]

  /// - Parameters:
  ///   - hostPorts: those that the user asked for.
  ///   - targets: those that the app's variables name.
  package init(_ bootstrap: Bootstrap, hostPorts: [UInt16], targets: [ForwardTarget] = []) {
    let listeners = bootstrap.staticResources.listeners
    let outbound = listeners.filter { $0.trafficDirection != .inbound }
    loopback = LoopbackPlaces(
      listeners: Set(outbound.compactMap(\.loopbackAddress)), admin: bootstrap.admin?.address?.onLoopback,
      hostPorts: hostPorts)
    insideClusters = listeners.filter { $0.trafficDirection == .inbound }.reduce(into: []) {
      $0.formUnion($1.clusterNames)
    }
    known = outbound.flatMap(\.knownDestinations).compactMap { AddressRange($0) }.filter { $0.length > 0 }
    let (captureListener, prepared) = Self.choosingCaptureListener(of: bootstrap)
    self.captureListener = captureListener
    self.bootstrap = prepared
    names = RoutedNames(prepared.staticResources.listeners, captureListener: captureListener)
    addPassthrough()
    for case (.name(let name), let port) in targets.map({ ($0.host, $0.port) }) where servesAnyAddress(at: port) {
      names.insert(name, port: port)
    }
  }

  /// Their ports.
  package var loopbackPorts: [UInt16] { loopback.ports }

  /// Ports of the app's loopback that inbound listeners lead to.
  var insidePorts: Set<UInt16> {
    let clusters = bootstrap.staticResources.clusters.filter { insideClusters.contains($0.name) }
    return Set(
      clusters.flatMap(\.loadAssignment.endpoints).flatMap(\.lbEndpoints).compactMap(
        \.endpoint.address.onLoopback?.port))
  }

  /// Whether connections to a port are served by it alone, wherever they wanted to go: a name for it needs no address.
  private func servesAnyAddress(at port: UInt16) -> Bool {
    let clusters = bootstrap.staticResources.clusters
    let passing = Set(clusters.filter { $0.type == .originalDst }.map(\.name))
    return bootstrap.staticResources.listeners.contains { listener in
      if listener.trafficDirection == .inbound { return false }
      if listener.name != captureListener {
        return listener.portOfEveryAddress == port && passing.isDisjoint(with: listener.clusterNames)
      }
      return listener.filterChains.contains { chain in
        let match = chain.filterChainMatch
        return match.destinationPort == port && match.prefixRanges.isEmpty && match.serverNames.isEmpty
          && passing.isDisjoint(with: chain.clusterNames)
      }
    }
  }

  /// Decides over each of the app's connections.
  /// - Parameter isInside: the app has a loopback of its own, from which ports of the host's can be reached.
  func capturePolicy(
    _ addresses: VirtualAddresses, _ policy: OutboundTrafficPolicy, _ resolver: HostResolver, isInside: Bool = true
  ) -> CapturedOutbound {
    CapturedOutbound(
      addresses, names, resolver, policy: policy, loopback: isInside ? loopback : nil,
      opensAllPorts: opensAllHostPorts, known: known)
  }

  /// Ports of the host's loopback that are open or closed whoever listens there: an app that waits for its own port is not to find an
  /// inbound listener of that number.
  var unfollowedPorts: Set<UInt16> {
    let inbound = bootstrap.staticResources.listeners.filter { $0.trafficDirection == .inbound }
    return Set(inbound.compactMap(\.loopbackAddress?.port) + loopbackPorts + [CapturedOutbound.capturePort])
  }

  /// The listener's name, and the configuration with such a listener, where it had none.
  private static func choosingCaptureListener(of bootstrap: Bootstrap) -> (String, Bootstrap) {
    var bootstrap = bootstrap
    guard let index = bootstrap.staticResources.listeners.firstIndex(where: { $0.capturesOutbound }) else {
      var listener = Listener.passingThrough(named: defaultListener, 1)
      listener.bindToPort = true
      listener.useOriginalDst = true
      bootstrap.staticResources.listeners.append(listener)
      return (defaultListener, bootstrap)
    }
    let name = bootstrap.staticResources.listeners[index].name
    if !name.isEmpty { return (name, bootstrap) }
    bootstrap.staticResources.listeners[index].name = defaultListener
    return (defaultListener, bootstrap)
  }

  private mutating func addPassthrough() {
    bootstrap.staticResources.listeners.append(Listener.passingThrough(named: CapturedOutbound.hostListener, 2))
    var cluster = Cluster()
    cluster.name = Self.passthroughCluster
    cluster.type = .originalDst
    cluster.lbPolicy = .clusterProvided
    bootstrap.staticResources.clusters.append(cluster)
  }
}

extension Listener {
  /// Whether it is made to take whatever an app sends out.
  fileprivate var capturesOutbound: Bool { trafficDirection == .outbound && bindToPort && restoresDestination }

  /// Its address, where the host's own loopback reaches it.
  fileprivate var loopbackAddress: Reactor.SocketAddress? {
    capturesOutbound || !bindToPort ? nil : address.onLoopback
  }

  /// A listener that sends each connection on to where it was going.
  /// - Parameter number: another for each.
  static func passingThrough(named name: String, _ number: UInt16) -> Listener {
    var listener = Listener.handedConnections(named: name, number)
    var proxy = TcpProxy()
    proxy.statPrefix = name
    proxy.clusterSpecifier = .cluster(InterceptionPlan.passthroughCluster)
    var chain = FilterChain()
    chain.filters = [Filter(name: "envoy.filters.network.tcp_proxy", config: .tcpProxy(proxy))]
    listener.filterChains = [chain]
    return listener
  }

  /// A listener to which nobody connects: it is handed its connections.
  static func handedConnections(named name: String, _ number: UInt16) -> Listener {
    var listener = Listener()
    listener.name = name
    listener.address = .socketAddress(EnvoyConfig.SocketAddress(address: "240.240.255.254", portValue: number))
    listener.statPrefix = name
    listener.bindToPort = false
    listener.trafficDirection = .outbound
    return listener
  }

  /// The addresses that it serves by name of address: its own, where it has no socket, and those that its chains match.
  fileprivate var knownDestinations: [CidrRange] {
    var ranges = filterChains.flatMap(\.filterChainMatch.prefixRanges)
    if !bindToPort, case .socketAddress(let address) = address {
      var range = CidrRange()
      range.addressPrefix = address.address
      range.prefixLen = Reactor.SocketAddress(ip: address.address, port: 0)?.isUnspecified == true ? 0 : 128
      ranges.append(range)
    }
    return ranges
  }

  /// The clusters that its chains name.
  var clusterNames: [String] {
    (filterChains + (defaultFilterChain.map { [$0] } ?? [])).flatMap(\.clusterNames)
  }
}

extension FilterChain {
  fileprivate var clusterNames: [String] {
    filters.flatMap { filter -> [String] in
      switch filter.config {
      case .httpConnectionManager(let manager): manager.routeConfig.clusterNames
      case .tcpProxy(let proxy):
        switch proxy.clusterSpecifier {
        case .cluster(let name): [name]
        case .weightedClusters(let clusters): clusters.map(\.name)
        }
      default: []
      }
    }
  }
}

extension RouteConfiguration {
  fileprivate var clusterNames: [String] {
    virtualHosts.flatMap(\.routes).flatMap { route -> [String] in
      guard case .route(let action) = route.action else { return [] }
      switch action.clusterSpecifier {
      case .cluster(let name): return [name]
      case .weightedClusters(let weighted):
        return weighted.clusters.compactMap { weight in
          if case .name(let name) = weight.specifier { return name }
          return nil
        }
      case .clusterHeader: return []
      }
    }
  }
}

extension Address {
  /// The address of a socket that is reached by loopback alone: one of 127.0.0.0/8, ::1, or all addresses.
  fileprivate var onLoopback: Reactor.SocketAddress? {
    guard case .socketAddress(let address) = self, address.portValue != 0,
      let parsed = Reactor.SocketAddress(ip: address.address, port: address.portValue),
      parsed.isLoopback || parsed.isUnspecified
    else { return nil }
    return parsed
  }
}

extension Reactor.SocketAddress {
  /// 0.0.0.0 or ::.
  fileprivate var isUnspecified: Bool { isIP && ipBytes.allSatisfy { $0 == 0 } }
}
