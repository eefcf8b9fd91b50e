import Telemetry

/// What the admin interface needs to know of a proxy and can ask of it. Everything happens on the thread that serves the
/// interface.
package protocol AdminTarget {
  var stats: StatsStore { get }
  var log: ProcessLog { get }
  var server: ServerStatus { get }
  /// In the order in which /clusters lists them.
  var clusters: [ClusterStatus] { get }
  var listeners: [ListenerStatus] { get }
  var configDump: ConfigDump { get }
  /// Of each TLS context.
  var certificates: [CertificatesStatus] { get }
  var memory: MemoryUsage { get }

  /// /healthcheck/fail: from now on /ready says DRAINING, and responses close their connections.
  func failHealthChecks()
  func passHealthChecks()
  func drainListeners(_ options: DrainOptions)
  /// Begins the end of the process; the response still goes out.
  func quit()
  func reopenLogs()
}

/// What /drain_listeners asks for.
package struct DrainOptions: Sendable, Equatable {
  /// Connections are asked to go during the drain time before the listeners close.
  package var isGraceful = false
  /// Drain connections, but keep the listeners.
  package var skipsExit = false
  /// Only listeners whose traffic_direction is INBOUND.
  package var inboundOnly = false

  package init() {}
}
