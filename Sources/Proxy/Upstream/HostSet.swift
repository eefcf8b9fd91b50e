/// A cluster's hosts at one moment, and which of them the load balancer may choose from. Made by the main loop, never
/// changed; workers are handed a new one.
package final class HostSet: Sendable {
  package let hosts: [Host]
  /// Those that are not ejected; all of them in a panic.
  package let candidates: [Host]
  package let healthyCount: Int
  /// Too few are healthy (common_lb_config.healthy_panic_threshold): traffic goes to all.
  package let isPanicking: Bool

  package init(hosts: [Host], panicThresholdPercent: Double) {
    self.hosts = hosts
    let healthy = hosts.filter { !$0.isEjected }
    healthyCount = healthy.count
    isPanicking =
      PanicThreshold(percent: panicThresholdPercent).decide(healthy: healthy.count, total: hosts.count) == .allHosts
    candidates = isPanicking ? hosts : healthy
  }
}
