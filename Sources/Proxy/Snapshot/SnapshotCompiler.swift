import EnvoyConfig
import Reactor
import Security
import Telemetry

/// Turns a decoded bootstrap into what the workers run on: clusters first, then the listeners whose routes point at them.
/// Whatever only shows here (a log file that cannot be opened, a format that does not compile) is told like an error of
/// the file.
package struct SnapshotCompiler {
  package let bootstrap: Bootstrap
  package let concurrency: Int
  package let store: StatsStore
  private let accessLogFiles: AccessLogFiles
  private let indices: [String: Int]
  private let localAddress: [UInt8]
  private let secrets: Secrets
  private var tlsSocketFactories: [TLSSocketFactory] = []
  private var errors: [ConfigError] = []
  /// By the name of the cluster whose loopback hosts are elsewhere.
  package var dialers: [String: any UpstreamDialer] = [:]
  /// By the name of the listener that captures.
  package var captures: [String: any CapturePolicy] = [:]

  /// - Parameter localAddress: this machine's own address, as x-forwarded-for names it; empty for none.
  package init(_ bootstrap: Bootstrap, concurrency: Int, store: StatsStore, localAddress: [UInt8]) {
    self.bootstrap = bootstrap
    self.concurrency = concurrency
    self.store = store
    self.localAddress = localAddress
    accessLogFiles = AccessLogFiles(store: store)
    indices = Self.indices(of: bootstrap.staticResources.clusters)
    secrets = Self.staticSecrets(of: bootstrap)
  }

  private static func staticSecrets(of bootstrap: Bootstrap) -> Secrets {
    bootstrap.staticResources.secrets.reduce(into: [:]) { secrets, secret in
      if let key = SecretKey(secret) { secrets[key] = secret }
    }
  }

  static func indices(of clusters: [Cluster]) -> [String: Int] {
    Dictionary(zip(clusters.map(\.name), clusters.indices), uniquingKeysWith: { first, _ in first })
  }

  /// - Parameter addresses: where each listener listens, in the order of the file.
  package mutating func compile(listeningOn addresses: [Reactor.SocketAddress]) throws(ConfigErrors) -> Snapshot {
    let clusters = bootstrap.staticResources.clusters.enumerated().map { index, config in
      ClusterInfo(
        config, index: index, store: store, dialer: dialers[config.name], makeTLS: { makeTLS(.client($0), $1) },
        makeHealthCheck: { makeHealthCheck($0, $1) })
    }
    var listeners: [ListenerInfo] = []
    for (config, address) in zip(bootstrap.staticResources.listeners, addresses) {
      if let listener = compile(config, address) { listeners.append(listener) }
    }
    checkNode()
    if !errors.isEmpty { throw ConfigErrors(errors) }
    return Snapshot(
      bootstrap: bootstrap, concurrency: concurrency, clusters: clusters, listeners: listeners,
      tlsSocketFactories: tlsSocketFactories, staticSecrets: secrets, store: store,
      accessLogFiles: accessLogFiles)
  }

  /// As Envoy: who asks for secrets from elsewhere, a file included, says who it is.
  private mutating func checkNode() {
    guard bootstrap.node.id.isEmpty || bootstrap.node.cluster.isEmpty else { return }
    guard let factory = tlsSocketFactories.first(where: { !$0.watchedSecrets.isEmpty }) else { return }
    errors.append(
      ConfigError(
        location: factory.origin, path: bootstrap.document?.document.path(at: factory.origin) ?? "",
        problem: "node 'id' and 'cluster' are required for secrets from files",
        allowed: "set them in 'node', or by --service-node and --service-cluster"))
  }

  private mutating func makeHealthCheck(_ config: HealthCheck, _ scope: StatsScope) -> HealthCheckInfo? {
    do throws(RouteTableError) {
      return try HealthCheckInfo(config, scope: scope)
    } catch {
      errors.append(ConfigError(location: error.origin, path: "health_checks", problem: error.message))
      return nil
    }
  }

  private mutating func compile(_ config: Listener, _ address: Reactor.SocketAddress) -> ListenerInfo? {
    let scope = ListenerInfo.scope(config, address: address, store: store)
    let configs = config.filterChains + (config.defaultFilterChain.map { [$0] } ?? [])
    let chains = configs.compactMap { compile($0, scope) }
    guard chains.count == configs.count else { return nil }
    return ListenerInfo(
      config, address: address, scope: scope, concurrency: concurrency, chains: chains,
      choice: chooseChains(of: config),
      inspector: inspector(of: config), accessLogs: compile(config.accessLog), capture: captures[config.name])
  }

  /// Several inspectors see no more than one.
  private func inspector(of config: Listener) -> TLSInspectorInfo? {
    for case .tlsInspector(let config) in config.listenerFilters.map(\.config) {
      return TLSInspectorInfo(config, store)
    }
    return nil
  }

  /// How the listener's chains are told apart; the default one stands behind the others.
  private func chooseChains(of config: Listener) -> ListenerInfo.ChainChoice {
    let fallback = config.defaultFilterChain == nil ? nil : config.filterChains.count
    let matches = config.filterChains.map(\.filterChainMatch)
    if matches == [FilterChainMatch()] { return .only(0) }
    if matches.isEmpty, let fallback { return .only(fallback) }
    return .matched(FilterChainTable(matches), fallback: fallback)
  }

  private mutating func compile(_ config: FilterChain, _ listener: ListenerInfo.Scope) -> FilterChainInfo? {
    var tls: TLSSocketFactory?
    if case .downstreamTls(let context) = config.transportSocket {
      tls = makeTLS(.server(context, serverNames: config.filterChainMatch.serverNames), listener.scope)
    }
    guard let last = config.filters.last else {
      return FilterChainInfo(config, filter: .noFilter, networkFilters: [], tls: tls)
    }
    let others = config.filters.dropLast().compactMap { networkFilter($0) }
    return compile(last, listener).map { FilterChainInfo(config, filter: $0, networkFilters: others, tls: tls) }
  }

  private func networkFilter(_ filter: Filter) -> NetworkFilterInfo? {
    guard case .rbac(let config) = filter.config else { return nil }
    return .rbac(NetworkRBACInfo(config, store: store))
  }

  /// A TLS transport socket. Its context is made at once, so that what is wrong with it refuses the configuration, unless
  /// secrets from files are to come first.
  private mutating func makeTLS(_ config: TLSSocketFactory.Config, _ scope: StatsScope) -> TLSSocketFactory {
    let factory = TLSSocketFactory(config, index: tlsSocketFactories.count, scope: scope, store: store)
    tlsSocketFactories.append(factory)
    do throws(TLSConfigurationError) {
      if let context = try factory.makeContext(secrets) { factory.use(context, secrets) }
    } catch {
      let origin = config.origin(of: error, secrets) ?? factory.origin
      let path = bootstrap.document?.document.path(at: origin) ?? ""
      errors.append(ConfigError(location: origin, path: path, problem: error.description))
    }
    return factory
  }

  private mutating func compile(_ filter: Filter, _ listener: ListenerInfo.Scope) -> FilterChainInfo.TerminalFilter? {
    switch filter.config {
    case .httpConnectionManager(let manager):
      for case .jwtAuthn(let config) in manager.httpFilters.map(\.config) { errors += JwtAuthnInfo.errors(in: config) }
      guard let routes = compileRoutes(manager) else { return nil }
      return .connectionManager(
        ConnectionManagerInfo(
          manager, listener: listener, routes: routes, accessLogs: compile(manager.accessLog), store: store,
          node: bootstrap.node, localAddress: localAddress))
    case .tcpProxy(let proxy):
      return .tcpProxy(
        TcpProxyInfo(
          proxy, listener: listener, accessLogs: compile(proxy.accessLog), store: store,
          clusterIndex: { indices[$0] }))
    case .rbac: return nil
    }
  }

  private mutating func compileRoutes(_ manager: HttpConnectionManager) -> RouteTable? {
    let indices = indices
    if manager.httpFilters.count > HTTPFilterLimits.count {
      errors.append(
        ConfigError(
          location: manager.origin, path: "http_filters", problem: "has \(manager.httpFilters.count) filters",
          allowed: "at most \(HTTPFilterLimits.count) are supported"))
      return nil
    }
    do throws(RouteTableError) {
      return try RouteTable(manager.routeConfig, filters: manager.httpFilters, cluster: { indices[$0] })
    } catch {
      errors.append(ConfigError(location: error.origin, path: "route_config", problem: error.message))
      return nil
    }
  }

  private mutating func compile(_ logs: [AccessLog]) -> [AccessLogInfo] {
    logs.compactMap { log in
      do throws(ConfigProblemError) {
        return try AccessLogInfo(log, files: accessLogFiles)
      } catch {
        errors.append(ConfigError(location: log.origin, path: "access_log", problem: error.problem))
        return nil
      }
    }
  }
}
