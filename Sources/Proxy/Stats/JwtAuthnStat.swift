import Telemetry

/// A jwt_authn filter's counters, `http.PREFIX.jwt_authn.`.
enum JwtAuthnStat: UInt32, StatSet {
  case allowed, corsPreflightBypassed, denied, jwksFetchFailed, jwksFetchSuccess, jwtCacheHit, jwtCacheMiss

  static let definitions: [StatDefinition<JwtAuthnStat>] = [
    .counter(.allowed, "allowed"),
    .counter(.corsPreflightBypassed, "cors_preflight_bypassed"),
    .counter(.denied, "denied"),
    .counter(.jwksFetchFailed, "jwks_fetch_failed"),
    .counter(.jwksFetchSuccess, "jwks_fetch_success"),
    .counter(.jwtCacheHit, "jwt_cache_hit"),
    .counter(.jwtCacheMiss, "jwt_cache_miss"),
  ]
}
