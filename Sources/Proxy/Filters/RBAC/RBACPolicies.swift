import EnvoyConfig

/// What RBAC judges by: a filter's rules, or those that a route puts in their place. Immutable, shared by all workers.
final class RBACPolicies: Sendable {
  /// Rules, and what they say of a request to the filters behind.
  struct Rules: Sendable {
    let engine: RBACEngine
    /// In the dynamic metadata's keys; nil: the filter's own.
    let statPrefix: String?
  }

  /// Nil: everything is let through, without counting.
  let enforced: Rules?
  /// Only counted and noted.
  let shadow: Rules?
  let tracksRules: Bool

  init(_ config: HttpRBAC?) {
    enforced = config.flatMap { Self.rules($0.rules, $0.rulesStatPrefix) }
    shadow = config.flatMap { Self.rules($0.shadowRules, $0.shadowRulesStatPrefix) }
    tracksRules = config?.trackPerRuleStats ?? false
  }

  private static func rules(_ config: RBAC?, _ statPrefix: String) -> Rules? {
    config.map { Rules(engine: RBACEngine($0), statPrefix: statPrefix.isEmpty ? nil : statPrefix) }
  }
}
