import EnvoyConfig
import Reactor
import Telemetry

/// The hosts of an ORIGINAL_DST cluster on one worker: the original destinations of its connections, made as they come and
/// forgotten once they were unused for `cleanup_interval`. The main loop is told of them, for the admin interface only.
final class OriginalDst: EventHandler {
  /// Destinations that are remembered at once.
  private static let limit = 16_384
  /// Up to so many hosts the main loop is told of each change at once, of more after a while: each time it is told of all of
  /// them, and what it has not come to yet piles up.
  private static let promptLimit = 64
  private static let reportNanoseconds: Int64 = 250_000_000
  private enum TimerID {
    static let cleanup: UInt8 = 0
    static let report: UInt8 = 1
  }

  private unowned let cluster: WorkerCluster
  private var hosts: [Host] = []
  private var indices: [Reactor.SocketAddress: Int] = [:]
  private var used: Set<Reactor.SocketAddress> = []
  private var timer = Timer()
  private var reportTimer = Timer()
  private var nextID = 0

  init(_ cluster: WorkerCluster) {
    self.cluster = cluster
    super.init()
  }

  /// The host at an address; nil where there are too many already.
  func choose(_ destination: Reactor.SocketAddress) -> Int? {
    guard let index = indices[destination] ?? add(destination) else { return nil }
    used.insert(destination)
    return index
  }

  private func add(_ destination: Reactor.SocketAddress) -> Int? {
    guard destination.isIP, destination.port != 0, hosts.count < Self.limit else { return nil }
    let info = cluster.info
    let (endpoint, group) = (LbEndpoint(), LocalityLbEndpoints())
    nextID += 1
    hosts.append(
      Host(
        id: nextID, address: destination, hostname: "", endpoint: endpoint, group: group,
        tls: info.transportSockets.resolve(endpoint, group), monitor: nil, store: cluster.worker.snapshot.store))
    indices[destination] = hosts.count - 1
    publish()
    if !timer.isArmed { arm() }
    return hosts.count - 1
  }

  private func arm() {
    timer.arm(cluster.worker.loop, self, id: TimerID.cleanup, after: cluster.info.config.cleanupInterval.nanoseconds)
  }

  override func timerFired(_ id: UInt8) {
    if id == TimerID.report { report() } else { forgetUnused() }
  }

  private func forgetUnused() {
    let kept = hosts.filter { used.contains($0.address) || isInUse($0) }
    used.removeAll()
    if kept.count < hosts.count {
      hosts = kept
      indices = Dictionary(uniqueKeysWithValues: zip(kept.map(\.address), kept.indices))
      publish()
    }
    if !hosts.isEmpty { arm() }
  }

  private func isInUse(_ host: Host) -> Bool { cluster.worker.snapshot.store.gauge(host.stats[.cxActive]) > 0 }

  private func publish() {
    cluster.update(cluster.info.makeHostSet(hosts))
    if hosts.count <= Self.promptLimit {
      report()
    } else if !reportTimer.isArmed {
      reportTimer.arm(cluster.worker.loop, self, id: TimerID.report, after: Self.reportNanoseconds)
    }
  }

  private func report() { cluster.worker.reportHosts(cluster.info, hosts) }
}
