/// `envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication`.
package struct JwtAuthentication: Sendable {
  /// In the order of their names.
  package var providers: [JwtProvider] = []
  /// The first whose match fits a request says what it needs; a request that none fits needs nothing.
  package var rules: [RequirementRule] = []
  /// Requirements by name.
  package var requirementMap: [String: JwtRequirement] = [:]
  /// CORS preflight requests need nothing.
  package var bypassCorsPreflight = false
  /// Whether a refusal says no more than its status.
  package var stripFailureResponse = false
  /// In the names of the filter's counters, behind `jwt_authn.`.
  package var statPrefix = ""
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.filters.http.jwt_authn.v3.RequirementRule`.
package struct RequirementRule: Sendable {
  package indirect enum RequirementType: Sendable {
    case requires(JwtRequirement)
    /// A name of `requirement_map`.
    case requirementName(String)
  }

  package var match = RouteMatch()
  /// Absent: the request needs nothing.
  package var requirementType: RequirementType?
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.filters.http.jwt_authn.v3.JwtRequirement`.
package indirect enum JwtRequirement: Sendable {
  /// Needs nothing: a requirement without a type.
  case none
  case providerName(String)
  /// `audiences` in place of the provider's own.
  case providerAndAudiences(providerName: String, audiences: [String])
  /// At least two.
  case requiresAny([JwtRequirement])
  /// At least two.
  case requiresAll([JwtRequirement])
  /// A token that is there is checked, but its failure lets the request through too.
  case allowMissingOrFailed
  /// A token that is there must be right.
  case allowMissing
}

/// `envoy.extensions.filters.http.jwt_authn.v3.JwtProvider`.
package struct JwtProvider: Sendable {
  package indirect enum JwksSource: Sendable {
    case remoteJwks(RemoteJwks)
    case localJwks(DataSource)
  }

  /// Its name in `providers`.
  package var name = ""
  /// Any issuer when empty.
  package var issuer = ""
  /// One of them must be among the token's; any will do when empty.
  package var audiences: [String] = []
  package var subjects: StringMatcher?
  package var requireExpiration = false
  /// The longest time from a token's issue (`iat`, or `nbf`, or now) to its end; no limit when absent or zero.
  package var maxLifetime: Duration?
  package var jwksSource = JwksSource.localJwks(DataSource())
  /// Whether the token goes on to the upstream.
  package var forward = false
  /// Where tokens are looked for: `Authorization: Bearer` and the parameter `access_token` when all three are empty.
  package var fromHeaders: [JwtHeader] = []
  package var fromParams: [String] = []
  package var fromCookies: [String] = []
  /// Takes the payload, in base64url; none when empty.
  package var forwardPayloadHeader = ""
  package var padForwardPayloadHeader = false
  /// The key of the payload in the dynamic metadata; not there when empty.
  package var payloadInMetadata = ""
  /// Claims of words with blanks between, which become lists in the metadata.
  package var normalizePayloadInMetadata: [String] = []
  /// The key of the header in the dynamic metadata; not there when empty.
  package var headerInMetadata = ""
  /// The key of a failure in the dynamic metadata; not there when empty.
  package var failedStatusInMetadata = ""
  /// Seconds.
  package var clockSkewSeconds: UInt32 = 60
  package var jwtCacheConfig: JwtCacheConfig?
  package var claimToHeaders: [JwtClaimToHeader] = []
  package var clearRouteCache = false
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.filters.http.jwt_authn.v3.JwtHeader`.
package struct JwtHeader: Sendable, Hashable {
  package var name = ""
  /// What stands before the token.
  package var valuePrefix = ""

  package init() {}
}

/// `envoy.extensions.filters.http.jwt_authn.v3.JwtClaimToHeader`.
package struct JwtClaimToHeader: Sendable, Hashable {
  package var headerName = ""
  /// From the outside in: `claim_name` cut at its dots, or `claim_path`.
  package var claimPath: [String] = []

  package init() {}
}

/// `envoy.extensions.filters.http.jwt_authn.v3.JwtCacheConfig`.
package struct JwtCacheConfig: Sendable, Hashable {
  /// Tokens; 100 when 0.
  package var jwtCacheSize: UInt32 = 0
  /// Bytes; 4096 when 0.
  package var jwtMaxTokenSize: UInt32 = 0

  package init() {}
}

/// `envoy.extensions.filters.http.jwt_authn.v3.RemoteJwks`.
package struct RemoteJwks: Sendable {
  package var httpUri = HttpUri()
  package var cacheDuration: Duration = .seconds(600)
  /// Absent: keys are fetched when the first request needs them.
  package var asyncFetch: JwksAsyncFetch?
  package var retryPolicy: CoreRetryPolicy?
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.filters.http.jwt_authn.v3.JwksAsyncFetch`.
package struct JwksAsyncFetch: Sendable, Hashable {
  package var failedRefetchDuration: Duration = .seconds(1)

  package init() {}
}

/// `envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig`.
package enum JwtPerRouteConfig: Sendable, Hashable {
  case disabled
  /// A name of the filter's `requirement_map`; one that is not there refuses every request.
  case requirementName(String)
}
