import EnvoyConfig

/// Which of a filter's rules have judged.
enum RBACRuleSet {
  case enforced
  case shadow
}

extension DynamicMetadata {
  /// Tells the filters behind and the logs what came out.
  /// - Parameter prefix: the rules' stat prefix, as it stands.
  func note(
    _ verdict: RBACEngine.Verdict, of engine: RBACEngine, _ rules: RBACRuleSet, prefix: String, in namespace: String
  ) {
    if let policy = verdict.policy {
      let name = StructValue.string(engine.policies[policy].name, origin: .none)
      set(namespace, "\(prefix)\(rules)_effective_policy_id", name)
    }
    let result = StructValue.string(verdict.isAllowed ? "allowed" : "denied", origin: .none)
    set(namespace, "\(prefix)\(rules)_engine_result", result)
  }

  /// The action LOG says to logs whether a policy matched; shadow rules do not.
  func noteHint(_ verdict: RBACEngine.Verdict) {
    set("envoy.common", "access_log_hint", .bool(verdict.policy != nil))
  }
}
