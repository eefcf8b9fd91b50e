import Reactor
import Telemetry

@testable import Admin

/// A proxy whose state a test sets, and that notes what is asked of it.
final class SampleTarget: AdminTarget {
  let stats = StatsStore()
  let log: ProcessLog
  var server = ServerStatus(
    state: .live, version: "commit/1.40.0/Clean/RELEASE/OpenSSL", uptimeSeconds: 2, options: CommandLineOptions(),
    node: .object([("id", .string("nodeid")), ("cluster", .string("c"))]))
  var clusters: [ClusterStatus] = []
  var listeners: [ListenerStatus] = []
  var configDump = ConfigDump(
    bootstrap: ConfigDump.Resource(
      .object([("node", .object([("id", .string("nodeid")), ("cluster", .string("c"))]))]),
      lastUpdatedNanoseconds: 1_795_230_361_444_000_000))
  var certificates: [CertificatesStatus] = []
  var memory = MemoryUsage()
  var calls: [String] = []

  init() throws {
    log = try ProcessLog(path: "/dev/null", clock: .manual(ManualClock()))
  }

  func failHealthChecks() { calls.append("fail") }
  func passHealthChecks() { calls.append("pass") }
  func drainListeners(_ options: DrainOptions) {
    calls.append("drain \(options.isGraceful) \(options.skipsExit) \(options.inboundOnly)")
  }
  func quit() { calls.append("quit") }
  func reopenLogs() { calls.append("reopen") }

  func get(_ target: String) -> AdminResponse { send("GET", target) }
  func post(_ target: String) -> AdminResponse { send("POST", target) }

  func send(_ method: String, _ target: String) -> AdminResponse {
    AdminHandler(target: self).respond(to: AdminRequest(method: method, target: target))
  }
}
