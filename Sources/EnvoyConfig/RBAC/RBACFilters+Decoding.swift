extension HttpRBAC: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.rbac.v3.RBAC"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.message("rules", &rules)
    reader.string("rules_stat_prefix", &rulesStatPrefix)
    reader.message("shadow_rules", &shadowRules)
    reader.string("shadow_rules_stat_prefix", &shadowRulesStatPrefix)
    reader.bool("track_per_rule_stats", &trackPerRuleStats)
    reader.unsupported("matcher", "shadow_matcher")
  }
}

extension RBACPerRoute: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.message("rbac", &rbac)
  }
}

extension NetworkRBAC.EnforcementType: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("ONE_TIME_ON_FIRST_BYTE", 0, .oneTimeOnFirstByte), ("CONTINUOUS", 1, .continuous),
  ]
}

extension NetworkRBAC: ConfigMessage {
  static let typeName = "envoy.extensions.filters.network.rbac.v3.RBAC"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.context.isInNetworkFilter = true
    reader.message("rules", &rules)
    reader.message("shadow_rules", &shadowRules)
    reader.context.isInNetworkFilter = false
    reader.string("shadow_rules_stat_prefix", &shadowRulesStatPrefix)
    reader.string("stat_prefix", &statPrefix, minLength: 1)
    reader.enumeration("enforcement_type", &enforcementType)
    reader.duration("delay_deny", &delayDeny)
    reader.unsupported("matcher", "shadow_matcher")
  }
}
