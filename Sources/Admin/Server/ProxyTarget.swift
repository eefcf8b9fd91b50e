import EnvoyConfig
import Proxy
import Reactor
import Telemetry

/// The admin interface's view of a running proxy.
package struct ProxyTarget: AdminTarget {
  let main: MainLoop
  package let log: ProcessLog
  private let options: CommandLineOptions
  private let version: String
  private let startedAtWall: Int64

  package init(_ main: MainLoop, log: ProcessLog, options: CommandLineOptions, version: String) {
    self.main = main
    self.log = log
    self.options = options
    self.version = version
    startedAtWall = main.loop.wallNow
  }

  package var stats: StatsStore {
    main.refreshGauges()
    if main.snapshot.bootstrap.statsFlushOnAdmin { main.snapshot.store.flushHistograms() }
    return main.snapshot.store
  }

  package var server: ServerStatus {
    ServerStatus(
      state: state, version: version, uptimeSeconds: Int((main.loop.now - main.startedAt) / 1_000_000_000),
      options: options, node: AdminJSON(main.snapshot.bootstrap.node))
  }

  private var state: ServerState {
    switch main.state {
    case .initializing: .initializing
    case .live: main.healthCheckFailed ? .draining : .live
    case .draining: .draining
    }
  }

  package var clusters: [ClusterStatus] { main.snapshot.clusters.map { ClusterStatus($0, main.snapshot.store) } }

  package var listeners: [ListenerStatus] {
    main.snapshot.listeners.map { ListenerStatus(name: $0.name, addresses: [AdminAddress($0.address)]) }
  }

  package var configDump: ConfigDump {
    let bootstrap = main.snapshot.bootstrap
    var dump = ConfigDump(bootstrap: resource(bootstrap.document))
    dump.clusters = bootstrap.staticResources.clusters.map { resource($0.node) }
    dump.listeners = bootstrap.staticResources.listeners.map { resource($0.node) }
    addSecrets(to: &dump)
    dump.routes = bootstrap.routeConfigurations.map { resource($0.node) }
    return dump
  }

  private func resource(_ node: DocumentNode?) -> ConfigDump.Resource {
    ConfigDump.Resource(node.map { .document($0) } ?? .object([]), lastUpdatedNanoseconds: startedAtWall)
  }

  package var memory: MemoryUsage { .current() }

  package func failHealthChecks() { main.setHealthCheck(failed: true) }

  package func passHealthChecks() { main.setHealthCheck(failed: false) }

  package func drainListeners(_ options: DrainOptions) {
    main.drainListeners(
      inboundOnly: options.inboundOnly, gracefully: options.isGraceful, keepsListeners: options.skipsExit)
  }

  package func quit() { main.quit() }

  package func reopenLogs() { main.snapshot.accessLogFiles.reopen() }
}

extension Bootstrap {
  /// Those that its connection managers hold.
  fileprivate var routeConfigurations: [RouteConfiguration] {
    staticResources.listeners.flatMap(\.filterChains).flatMap(\.filters).compactMap { filter in
      if case .httpConnectionManager(let manager) = filter.config { manager.routeConfig } else { nil }
    }
  }
}

extension AdminJSON {
  /// The node as the file has it, with what the command line puts in the place of its fields.
  fileprivate init(_ node: Node) {
    var members = node.node.map { AdminJSON.document($0).members } ?? []
    func set(_ name: String, _ value: AdminJSON, at place: Int) {
      if let index = members.firstIndex(where: { $0.name == name }) {
        members[index].value = value
      } else {
        members.insert((name, value), at: min(place, members.count))
      }
    }
    if !node.id.isEmpty { set("id", .string(node.id), at: 0) }
    if !node.cluster.isEmpty { set("cluster", .string(node.cluster), at: 1) }
    let locality = [
      ("region", node.locality.region), ("zone", node.locality.zone), ("sub_zone", node.locality.subZone),
    ].filter { !$0.1.isEmpty }
    if !locality.isEmpty { set("locality", .object(locality.map { ($0.0, .string($0.1)) }), at: members.count) }
    self = .object(members)
  }
}

extension AdminAddress {
  init(_ address: Reactor.SocketAddress) {
    if let path = address.unixPath {
      self = .pipe(path: path)
    } else {
      self = .socket(address: address.host, port: address.port)
    }
  }
}

extension ClusterStatus {
  init(_ info: ClusterInfo, _ store: StatsStore) {
    self.init(name: info.name, observabilityName: info.observabilityName)
    if info.config.outlierDetection != nil { outlier = Outlier() }
    defaultThresholds = Thresholds(info.config.circuitBreakers.thresholds(for: .default))
    highThresholds = Thresholds(info.config.circuitBreakers.thresholds(for: .high))
    hosts = info.hostSet.hosts.map { HostStatus($0, store) }
  }
}

extension ClusterStatus.Thresholds {
  init(_ thresholds: CircuitBreakers.Thresholds) {
    self.init()
    maxConnections = thresholds.maxConnections
    maxPendingRequests = thresholds.maxPendingRequests
    maxRequests = thresholds.maxRequests
    maxRetries = thresholds.maxRetries
  }
}

extension HostStatus {
  init(_ host: Host, _ store: StatsStore) {
    self.init(address: AdminAddress(host.address))
    hostname = host.hostname
    weight = host.weight
    region = host.locality.region
    zone = host.locality.zone
    subZone = host.locality.subZone
    priority = UInt32(clamping: host.priority)
    if host.isEjected { healthFlags.insert(.failedOutlierCheck) }
    let active = host.activeHealth
    if active.contains(.failed) { healthFlags.insert(.failedActiveHealthCheck) }
    if active.contains(.timedOut) { healthFlags.insert(.activeHealthCheckTimeout) }
    if active.contains(.degraded) { healthFlags.insert(.degradedActiveHealthCheck) }
    if active.contains(.excluded) { healthFlags.insert(.excludedViaImmediateHealthCheckFail) }
    switch host.healthStatus {
    case .unknown, .healthy: break
    case .unhealthy, .timeout: healthFlags.insert(.failedEDSHealth)
    case .draining: healthFlags.insert(.edsStatusDraining)
    case .degraded: healthFlags.insert(.degradedEDSHealth)
    }
    stats.cxActive = store.gauge(host.stats[.cxActive])
    stats.cxConnectFail = store.counter(host.stats[.cxConnectFail])
    stats.cxTotal = store.counter(host.stats[.cxTotal])
    stats.rqActive = store.gauge(host.stats[.rqActive])
    stats.rqError = store.counter(host.stats[.rqError])
    stats.rqSuccess = store.counter(host.stats[.rqSuccess])
    stats.rqTimeout = store.counter(host.stats[.rqTimeout])
    stats.rqTotal = store.counter(host.stats[.rqTotal])
  }
}
