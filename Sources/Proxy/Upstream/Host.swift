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
  /// Requests under way on all workers: what LEAST_REQUEST compares.
  package let activeRequests = Atomic<Int>(0)
  /// Consecutive failures; nil without outlier detection.
  package let monitor: OutlierMonitor?
  /// What connections to it speak TLS with; nil for plain text.
  let tls: TLSSocketFactory?
  /// Names it to the cluster's outlier detector.
  let id: Int
  private let ejected = Atomic<Bool>(false)
  private let store: StatsStore

  package init(
    id: Int, address: Reactor.SocketAddress, hostname: String, endpoint: LbEndpoint, group: LocalityLbEndpoints,
    tls: TLSSocketFactory?, monitor: OutlierMonitor?, store: StatsStore
  ) {
    self.id = id
    self.tls = tls
    self.monitor = monitor
    self.address = address
    addressText = address.description
    self.hostname = hostname
    weight = endpoint.loadBalancingWeight
    healthStatus = endpoint.healthStatus
    locality = group.locality
    priority = Int(group.priority)
    self.store = store
    stats = store.unnamedBlock(HostStat.self)
  }

  /// What the load balancer goes by.
  package enum Health: Sendable { case healthy, degraded, unhealthy }

  package var health: Health {
    if isEjected { return .unhealthy }
    return switch healthStatus {
    case .unknown, .healthy: .healthy
    case .degraded: .degraded
    case .unhealthy, .draining, .timeout: .unhealthy
    }
  }

  /// Whether it does not count when it is asked how many hosts are healthy (`membership_excluded`).
  var isExcluded: Bool { healthStatus == .draining }

  /// Whether outlier detection has taken it out.
  package var isEjected: Bool { ejected.load(ordering: .relaxed) }

  /// By the main loop only.
  func setEjected(_ value: Bool) { ejected.store(value, ordering: .relaxed) }

  deinit { store.release(stats) }
}
