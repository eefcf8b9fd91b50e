import EnvoyConfig
import Telemetry

/// The network filter RBAC of a filter chain: its rules, its counters. Immutable, shared by all workers.
final class NetworkRBACInfo: Sendable {
  let enforced: RBACEngine?
  /// Only counted and noted.
  let shadow: RBACEngine?
  let shadowMetadataKeys: RBACMetadataKeys
  let stats: StatBlock<RBACStat>
  let shadowStats: StatBlock<RBACShadowStat>
  /// Whether every piece of data is judged, and not only the first.
  let isContinuous: Bool
  /// Nanoseconds between a refusal and the close.
  let delayDeny: Int64

  init(_ config: NetworkRBAC, store: StatsStore) {
    enforced = config.rules.map { RBACEngine($0) }
    shadow = config.shadowRules.map { RBACEngine($0) }
    shadowMetadataKeys = RBACMetadataKeys(.shadow, prefix: config.shadowRulesStatPrefix)
    let scope = store.scope("\(config.statPrefix.asStatPrefix)rbac.")
    stats = scope.block(RBACStat.self)
    shadowStats = scope.scope(config.shadowRulesStatPrefix.asStatPrefix).block(RBACShadowStat.self)
    isContinuous = config.enforcementType == .continuous
    delayDeny = config.delayDeny.nanoseconds
  }
}
