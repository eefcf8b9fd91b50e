extension JwtProvider: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.JwtProvider"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    readClaims(&reader)
    readKeys(&reader)
    reader.bool("forward", &forward)
    reader.messages("from_headers", &fromHeaders)
    reader.strings("from_params", &fromParams)
    reader.strings("from_cookies", &fromCookies)
    reader.string("forward_payload_header", &forwardPayloadHeader, rule: .header)
    reader.bool("pad_forward_payload_header", &padForwardPayloadHeader)
    readMetadata(&reader)
    reader.message("jwt_cache_config", &jwtCacheConfig)
    reader.messages("claim_to_headers", &claimToHeaders)
    reader.bool("clear_route_cache", &clearRouteCache)
  }

  private mutating func readClaims(_ reader: inout MessageReader) {
    reader.string("issuer", &issuer)
    reader.strings("audiences", &audiences)
    reader.message("subjects", &subjects)
    reader.bool("require_expiration", &requireExpiration)
    reader.duration("max_lifetime", &maxLifetime)
    reader.integer("clock_skew_seconds", &clockSkewSeconds)
    // As in Envoy, none at all is the default.
    if clockSkewSeconds == 0 { clockSkewSeconds = 60 }
  }

  private mutating func readKeys(_ reader: inout MessageReader) {
    let choice = reader.chosen("jwks_source_specifier", isRequired: true, of: "remote_jwks", "local_jwks")
    guard let (name, index) = choice else { return }
    let context = reader.context
    jwksSource = name == "remote_jwks" ? .remoteJwks(context.decode(at: index)) : .localJwks(context.decode(at: index))
  }

  private mutating func readMetadata(_ reader: inout MessageReader) {
    reader.string("payload_in_metadata", &payloadInMetadata)
    if let index = reader.findDescribed("normalize_payload_in_metadata") {
      normalizePayloadInMetadata = reader.context.decode(NormalizePayload.self, at: index).spaceDelimitedClaims
    }
    reader.string("header_in_metadata", &headerInMetadata)
    reader.string("failed_status_in_metadata", &failedStatusInMetadata)
  }

  /// `JwtProvider.NormalizePayload`.
  struct NormalizePayload: ConfigMessage {
    static let typeName = JwtProvider.typeName + ".NormalizePayload"
    private(set) var spaceDelimitedClaims: [String] = []

    init(from reader: inout MessageReader) { reader.strings("space_delimited_claims", &spaceDelimitedClaims) }
  }
}

extension JwtHeader: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.JwtHeader"

  init(from reader: inout MessageReader) {
    reader.string("name", &name, minLength: 1, rule: .header)
    reader.string("value_prefix", &valuePrefix, rule: .header)
  }
}

extension JwtClaimToHeader: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.JwtClaimToHeader"

  init(from reader: inout MessageReader) {
    var claimName = ""
    reader.string("header_name", &headerName, minLength: 1, rule: .header)
    reader.string("claim_name", &claimName)
    let context = reader.context
    claimPath = reader.elements("claim_path").map { context.decode(PathSegment.self, at: $0).key }
    if claimName.isEmpty == claimPath.isEmpty, context.recorded == nil {
      reader.report(
        "claim_name", "does not set exactly one of claim_name and claim_path", allowed: "give one of them")
    }
    if claimPath.isEmpty { claimPath = claimName.split(separator: ".").map(String.init) }
  }

  /// `JwtClaimToHeader.PathSegment`.
  struct PathSegment: ConfigMessage {
    static let typeName = JwtClaimToHeader.typeName + ".PathSegment"
    private(set) var key = ""

    init(from reader: inout MessageReader) { reader.string("key", &key, minLength: 1) }
  }
}

extension JwtCacheConfig: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.JwtCacheConfig"

  init(from reader: inout MessageReader) {
    reader.integer("jwt_cache_size", &jwtCacheSize)
    reader.integer("jwt_max_token_size", &jwtMaxTokenSize)
  }
}

extension RemoteJwks: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.RemoteJwks"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.requiredMessage("http_uri", &httpUri)
    let range = DurationRange(lowerBound: .milliseconds(1), upperBound: .seconds(9_000_000_000))
    reader.duration("cache_duration", &cacheDuration, range)
    reader.message("async_fetch", &asyncFetch)
    reader.message("retry_policy", &retryPolicy)
  }
}

extension JwksAsyncFetch: ConfigMessage {
  static let typeName = "envoy.extensions.filters.http.jwt_authn.v3.JwksAsyncFetch"

  init(from reader: inout MessageReader) {
    // Listeners work before the first fetch is done; requests that need its keys wait for them.
    reader.withoutEffect(.bool, "fast_listener")
    reader.duration("failed_refetch_duration", &failedRefetchDuration)
  }
}
