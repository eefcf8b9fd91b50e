import Telemetry

/// `http.PREFIX.rbac.` and `PREFIX.rbac.`: what RBAC's rules decided.
enum RBACStat: UInt32, StatSet {
  case allowed, denied

  static let definitions: [StatDefinition<RBACStat>] = [.counter(.allowed, "allowed"), .counter(.denied, "denied")]
}

/// The same of shadow rules.
enum RBACShadowStat: UInt32, StatSet {
  case shadowAllowed, shadowDenied

  static let definitions: [StatDefinition<RBACShadowStat>] = [
    .counter(.shadowAllowed, "shadow_allowed"), .counter(.shadowDenied, "shadow_denied"),
  ]
}
