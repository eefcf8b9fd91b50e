import CLinux
import Telemetry

/// Envoy's `server.`, `listener_manager.` and `cluster_manager.` gauges.
struct ServerGauges {
  private let store: StatsStore
  private let server: StatBlock<ServerStat>

  init(_ snapshot: Snapshot, version: UInt64) {
    store = snapshot.store
    server = store.scope("server.").block(ServerStat.self)
    let listeners = store.scope("listener_manager.").block(ListenerManagerStat.self)
    let clusters = store.scope("cluster_manager.").block(ClusterManagerStat.self)
    store.add(listeners[.listenerAdded], UInt64(snapshot.listeners.count))
    store.add(listeners[.listenerCreateSuccess], UInt64(snapshot.listeners.count * snapshot.concurrency))
    store.setGauge(listeners[.totalListenersActive], to: UInt64(snapshot.listeners.count))
    store.setGauge(listeners[.workersStarted], to: 1)
    store.add(clusters[.clusterAdded], UInt64(snapshot.clusters.count))
    store.setGauge(clusters[.activeClusters], to: UInt64(snapshot.clusters.count))
    store.setGauge(server[.state], to: 2)
    store.setGauge(server[.concurrency], to: UInt64(snapshot.concurrency))
    store.setGauge(server[.version], to: version)
  }

  func live() {
    store.setGauge(server[.live], to: 1)
    store.setGauge(server[.state], to: 0)
  }

  func draining() {
    store.setGauge(server[.live], to: 0)
    store.setGauge(server[.state], to: 1)
  }

  func refresh(uptimeSeconds: Int64) {
    store.setGauge(server[.uptime], to: UInt64(max(0, uptimeSeconds)))
    let heap = mallinfo2()
    store.setGauge(server[.memoryAllocated], to: UInt64(heap.uordblks))
    store.setGauge(server[.memoryHeapSize], to: UInt64(heap.arena + heap.hblkhd))
  }
}
