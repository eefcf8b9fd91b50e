import EnvoyConfig

/// What RBAC judges by: a filter's rules, or those that a route puts in their place. Immutable, shared by all workers.
final class RBACPolicies: Sendable {
  /// Rules, and what they say of a request to the filters behind.
  struct Rules: Sendable {
    let engine: RBACEngine
    /// By their own stat prefix; nil without one: by the filter's.
    let metadataKeys: RBACMetadataKeys?
  }

  /// Nil: everything is let through, without counting.
  let enforced: Rules?
  /// Only counted and noted.
  let shadow: Rules?
  let tracksRules: Bool

  init(_ config: HttpRBAC?) {
    enforced = config.flatMap { Self.rules($0.rules, .enforced, $0.rulesStatPrefix) }
    shadow = config.flatMap { Self.rules($0.shadowRules, .shadow, $0.shadowRulesStatPrefix) }
    tracksRules = config?.trackPerRuleStats ?? false
  }

  private static func rules(
    _ config: RBAC?, _ rules: RBACMetadataKeys.RuleSet, _ statPrefix: String
  ) -> Rules? {
    let keys = statPrefix.isEmpty ? nil : RBACMetadataKeys(rules, prefix: statPrefix)
    return config.map { Rules(engine: RBACEngine($0), metadataKeys: keys) }
  }
}
