import EnvoyConfig
import Reactor
import Synchronization
import Telemetry

/// One upstream host of a cluster, shared by all workers: what it is, and the little of its state that they share.
package final class Host: Sendable {
  package let address: Reactor.SocketAddress
  /// The address as logs and /clusters print it.
  package let addressText: String
  /// As configured, or the name that was resolved; may be empty.
  package let hostname: String
  package let weight: UInt32
  package let locality: Locality
  /// 0 is the first choice.
  package let priority: Int
  /// As the file says.
  package let healthStatus: LbEndpoint.HealthStatus
  /// Counters of its own, not in /stats.
  package let stats: StatBlock<HostStat>
  /// Requests under way on all workers: what LEAST_REQUEST compares, and counted for it alone.
  package let activeRequests = Atomic<Int>(0)
  /// Consecutive failures; nil without outlier detection.
  package let monitor: OutlierMonitor?
  /// What connections to it speak TLS with; nil for plain text.
  let tls: TLSSocketFactory?
  /// Names it to the cluster's outlier detector.
  let id: Int
  /// Where active health checks ask it.
  let healthCheckAddress: Reactor.SocketAddress
  /// The host that they ask for; empty for the cluster's.
  let healthCheckHostname: String
  /// Whether they ask it at all.
  let isHealthChecked: Bool
  /// Who dials it where it is on loopback; nil for one that is dialled from here.
  private let dialer: (any UpstreamDialer)?
  private let ejected = Atomic<Bool>(false)
  private let activeHealthFlags: Atomic<UInt8>
  private let store: StatsStore

  package init(
    id: Int, address: Reactor.SocketAddress, hostname: String, endpoint: LbEndpoint, group: LocalityLbEndpoints,
    tls: TLSSocketFactory?, monitor: OutlierMonitor?, isHealthChecked: Bool = false, store: StatsStore,
    dialer: (any UpstreamDialer)? = nil
  ) {
    self.id = id
    self.tls = tls
    self.monitor = monitor
    self.dialer = dialer
    self.address = address
    addressText = address.description
    self.hostname = hostname
    weight = endpoint.loadBalancingWeight
    healthStatus = endpoint.healthStatus
    let check = endpoint.endpoint.healthCheckConfig
    healthCheckAddress = Self.healthCheckAddress(check, of: address)
    healthCheckHostname = check.hostname
    self.isHealthChecked = isHealthChecked && !check.disableActiveHealthCheck
    // As Envoy: unhealthy until the first check.
    activeHealthFlags = Atomic(self.isHealthChecked ? ActiveHealth.failed.rawValue : 0)
    locality = group.locality
    priority = Int(group.priority)
    self.store = store
    stats = store.unnamedBlock(HostStat.self)
  }

  /// Begins to connect to it, or to where else it is asked for its health.
  func connect(to other: Reactor.SocketAddress? = nil) throws(SystemError) -> Descriptor {
    let address = other ?? address
    // Loopback is the app's own; every other address is the same from everywhere.
    if let dialer, address.isLoopback { return try dialer.connect(to: address) }
    return try Sockets.connect(to: address)
  }

  /// What the load balancer goes by.
  package enum Health: Sendable { case healthy, degraded, unhealthy }

  package var health: Health {
    let active = activeHealth
    if isEjected || active.contains(.failed) { return .unhealthy }
    return switch healthStatus {
    case .unknown, .healthy: active.contains(.degraded) ? .degraded : .healthy
    case .degraded: .degraded
    case .unhealthy, .draining, .timeout: .unhealthy
    }
  }

  /// Whether it does not count when it is asked how many hosts are healthy (`membership_excluded`).
  var isExcluded: Bool { healthStatus == .draining || activeHealth.contains(.excluded) }

  /// Whether outlier detection has taken it out.
  package var isEjected: Bool { ejected.load(ordering: .relaxed) }

  /// By the main loop only.
  func setEjected(_ value: Bool) { ejected.store(value, ordering: .relaxed) }

  /// What active health checks have found.
  package struct ActiveHealth: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let failed = ActiveHealth(rawValue: 1 << 0)
    package static let timedOut = ActiveHealth(rawValue: 1 << 1)
    package static let degraded = ActiveHealth(rawValue: 1 << 2)
    /// A response said x-envoy-immediate-health-check-fail.
    package static let excluded = ActiveHealth(rawValue: 1 << 3)
  }

  package var activeHealth: ActiveHealth { ActiveHealth(rawValue: activeHealthFlags.load(ordering: .relaxed)) }

  /// By the main loop only.
  func setActiveHealth(_ flags: ActiveHealth) { activeHealthFlags.store(flags.rawValue, ordering: .relaxed) }

  private static func healthCheckAddress(
    _ config: Endpoint.HealthCheckConfig, of address: Reactor.SocketAddress
  ) -> Reactor.SocketAddress {
    let base = config.address.flatMap { Reactor.SocketAddress($0) } ?? address
    return config.portValue == 0 ? base : base.with(port: UInt16(clamping: config.portValue))
  }

  deinit { store.release(stats) }
}
