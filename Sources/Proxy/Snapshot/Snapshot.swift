import EnvoyConfig
import Reactor
import Telemetry

/// A validated configuration, ready for use: immutable, shared by all workers.
package final class Snapshot: Sendable {
  package let bootstrap: Bootstrap
  package let concurrency: Int
  package let clusters: [ClusterInfo]
  package let listeners: [ListenerInfo]
  package let tlsSocketFactories: [TLSSocketFactory]
  let staticSecrets: Secrets
  package let store: StatsStore
  package let accessLogFiles: AccessLogFiles
  private let clusterIndices: [String: Int]

  init(
    bootstrap: Bootstrap, concurrency: Int, clusters: [ClusterInfo], listeners: [ListenerInfo],
    tlsSocketFactories: [TLSSocketFactory], staticSecrets: Secrets, store: StatsStore, accessLogFiles: AccessLogFiles
  ) {
    self.bootstrap = bootstrap
    self.concurrency = concurrency
    self.clusters = clusters
    self.listeners = listeners
    self.tlsSocketFactories = tlsSocketFactories
    self.staticSecrets = staticSecrets
    self.store = store
    self.accessLogFiles = accessLogFiles
    clusterIndices = SnapshotCompiler.indices(of: bootstrap.staticResources.clusters)
  }

  /// The cluster of a name that a request brings (cluster_header).
  func clusterIndex(named name: ByteView) -> Int? { clusterIndices[name.string] }
}
