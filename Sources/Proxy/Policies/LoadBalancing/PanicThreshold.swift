/// Envoy's panic threshold (`common_lb_config.healthy_panic_threshold`): with too few healthy hosts left, load goes to all
/// of them, since the few would only be overrun.
package struct PanicThreshold: Sendable {
  /// Which hosts to balance over.
  package enum Decision: Equatable, Sendable {
    case healthyHosts
    /// Panic: to be counted in `lb_healthy_panic` for each request.
    case allHosts
  }

  /// Envoy's `overprovisioning_factor` in percent: healthy hosts are trusted with 1.4 times their share, so from 72 % of
  /// healthy hosts on there is no panic, whatever the threshold.
  private static let overprovisioningPercent = 140

  /// 0: never panic.
  package let percent: Int

  /// Envoy rounds the threshold to a whole number of percent.
  package init(percent: Double) { self.percent = Int(min(100, max(0, percent.rounded()))) }

  package func decide(healthy: Int, total: Int) -> Decision {
    if total == 0 { return .healthyHosts }
    let availability = min(100, Self.overprovisioningPercent * healthy / total)
    if availability == 100 { return .healthyHosts }
    if availability == 0 { return percent > 0 ? .allHosts : .healthyHosts }
    return 100 * Double(healthy) / Double(total) < Double(percent) ? .allHosts : .healthyHosts
  }
}
