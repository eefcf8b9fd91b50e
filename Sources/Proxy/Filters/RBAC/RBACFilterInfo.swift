import EnvoyConfig
import Telemetry

/// The HTTP filter RBAC of a connection manager: its rules, its counters. Immutable, shared by all workers.
final class RBACFilterInfo: Sendable {
  let policies: RBACPolicies
  let stats: StatBlock<RBACStat>
  let shadowStats: StatBlock<RBACShadowStat>
  let metadataKeys: RBACMetadataKeys
  let shadowMetadataKeys: RBACMetadataKeys
  private let scope: StatsScope
  private let shadowScope: StatsScope

  /// - Parameter scope: the connection manager's, `http.PREFIX.`.
  init(_ config: HttpRBAC, scope: StatsScope) {
    policies = RBACPolicies(config)
    metadataKeys = RBACMetadataKeys(.enforced, prefix: config.rulesStatPrefix)
    shadowMetadataKeys = RBACMetadataKeys(.shadow, prefix: config.shadowRulesStatPrefix)
    self.scope = scope.scope("rbac.\(config.rulesStatPrefix.asStatPrefix)")
    shadowScope = scope.scope("rbac.\(config.shadowRulesStatPrefix.asStatPrefix)")
    stats = self.scope.block(RBACStat.self)
    shadowStats = shadowScope.block(RBACShadowStat.self)
  }

  /// The counter of one policy, which is there once the policy has matched.
  func ruleStat(_ policy: String, isAllowed: Bool) -> StatID {
    scope.counter("policy.\(policy).\(isAllowed ? "allowed" : "denied")")
  }

  func shadowRuleStat(_ policy: String, isAllowed: Bool) -> StatID {
    shadowScope.counter("policy.\(policy).\(isAllowed ? "shadow_allowed" : "shadow_denied")")
  }
}

extension String {
  /// With a dot at its end, unless there is one, or nothing at all.
  var asStatPrefix: String { isEmpty || hasSuffix(".") ? self : self + "." }
}
