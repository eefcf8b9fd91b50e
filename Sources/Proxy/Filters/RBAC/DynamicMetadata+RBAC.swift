import EnvoyConfig

/// Under which keys of the dynamic metadata rules say what came out.
struct RBACMetadataKeys: Sendable {
  enum RuleSet {
    case enforced
    case shadow
  }

  let effectivePolicyID: String
  let engineResult: String

  /// - Parameter prefix: the rules' stat prefix, as it stands.
  init(_ rules: RuleSet, prefix: String) {
    effectivePolicyID = "\(prefix)\(rules)_effective_policy_id"
    engineResult = "\(prefix)\(rules)_engine_result"
  }
}

extension DynamicMetadata {
  private static let allowed = StructValue.string("allowed", origin: .none)
  private static let denied = StructValue.string("denied", origin: .none)

  /// Tells the filters behind and the logs what came out.
  func note(
    _ verdict: RBACEngine.Verdict, of engine: RBACEngine, under keys: RBACMetadataKeys, in namespace: String
  ) {
    if let policy = verdict.policy {
      set(namespace, keys.effectivePolicyID, engine.policies[policy].nameInMetadata)
    }
    set(namespace, keys.engineResult, verdict.isAllowed ? Self.allowed : Self.denied)
  }

  /// The action LOG says to logs whether a policy matched; shadow rules do not.
  func noteHint(_ verdict: RBACEngine.Verdict) {
    set("envoy.common", "access_log_hint", .bool(verdict.policy != nil))
  }
}
