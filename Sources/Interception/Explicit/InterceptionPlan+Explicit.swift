import EnvoyConfig
import Proxy
import Reactor

/// What a forward proxy adds to a configuration.
extension InterceptionPlan {
  /// The listener of requests in absolute form to where no filter chain speaks HTTP.
  static let requestListener = "pillion_requests"

  /// The name of the listener whose connections all go to one target.
  static func listener(of target: ForwardTarget) -> String { "\(portListenerPrefix)\(target)" }
  static let portListenerPrefix = "pillion_port_"

  mutating func addForwardProxy(_ ports: LoopbackPorts) {
    bootstrap.staticResources.listeners.append(Self.requestsPassingThrough)
    for (target, (_, address)) in ports.targets.sorted(by: { $0.value.address.port < $1.value.address.port }) {
      var listener = Listener.passingThrough(named: Self.listener(of: target), 0)
      listener.address = .socketAddress(
        EnvoyConfig.SocketAddress(address: address.host, portValue: address.port))
      listener.statPrefix = ""
      listener.bindToPort = true
      bootstrap.staticResources.listeners.append(listener)
    }
  }

  /// Decides over each of the app's connections, by the name of the listener that it comes to.
  func explicitPolicies(
    _ addresses: VirtualAddresses, _ policy: OutboundTrafficPolicy, _ resolver: HostResolver, _ ports: LoopbackPorts
  ) -> [String: any CapturePolicy] {
    let captured = capturePolicy(addresses, policy, resolver)
    let forwarded = ForwardedOutbound(
      addresses, names, policy: policy, known: known, ownPort: ports.proxyPort)
    var policies: [String: any CapturePolicy] = [
      captureListener: ExplicitOutbound(entrance: .forwardProxy(forwarded), captured: captured)
    ]
    for target in ports.targets.keys {
      policies[Self.listener(of: target)] = ExplicitOutbound(
        entrance: .port(target, through: captureListener), captured: captured)
    }
    return policies
  }

  /// Changes a request no more than a proxy has to.
  private static var requestsPassingThrough: Listener {
    var action = RouteAction()
    action.clusterSpecifier = .cluster(passthroughCluster)
    action.timeout = .zero
    var route = Route()
    route.match.pathSpecifier = .prefix("/")
    route.action = .route(action)
    // Said to the proxy, and to nobody behind it (RFC 9110 §11.7.1).
    route.headers.requestHeadersToRemove = ["proxy-authorization"]
    var host = VirtualHost()
    host.name = requestListener
    host.domains = ["*"]
    host.routes = [route]
    var router = Router()
    router.suppressEnvoyHeaders = true
    var filter = HttpFilter()
    filter.name = "envoy.filters.http.router"
    filter.config = .router(router)
    var upgrade = HttpConnectionManager.UpgradeConfig()
    upgrade.upgradeType = "websocket"
    var manager = HttpConnectionManager()
    manager.statPrefix = requestListener
    manager.routeConfig.virtualHosts = [host]
    manager.httpFilters = [filter]
    manager.upgradeConfigs = [upgrade]
    manager.serverHeaderTransformation = .passThrough
    manager.generateRequestId = false
    manager.skipXffAppend = true
    manager.streamIdleTimeout = .zero
    var chain = FilterChain()
    chain.filters = [
      Filter(name: "envoy.filters.network.http_connection_manager", config: .httpConnectionManager(manager))
    ]
    var listener = Listener.handedConnections(named: requestListener, 3)
    listener.filterChains = [chain]
    return listener
  }
}
