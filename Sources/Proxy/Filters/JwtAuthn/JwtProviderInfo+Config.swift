import EnvoyConfig
import Security

extension JwtProviderInfo {
  init(_ config: JwtProvider, arena: RouteArena) {
    self.init()
    name = config.name
    issuer = config.issuer
    audiences = JwtAudiences(config.audiences)
    subjects = config.subjects.map { StringMatcher($0, arena: arena) }
    requiresExpiration = config.requireExpiration
    maxLifetimeSeconds = config.maxLifetime.flatMap { $0 > .zero ? UInt64(clamping: $0.components.seconds) : nil }
    clockSkewSeconds = UInt64(config.clockSkewSeconds)
    forward = config.forward
    locations = JwtLocations(
      headers: config.fromHeaders.map { ($0.name, $0.valuePrefix) }, parameters: config.fromParams,
      cookies: config.fromCookies, issuer: config.issuer)
    forwardPayloadHeader = config.forwardPayloadHeader.lowercased()
    padForwardPayloadHeader = config.padForwardPayloadHeader
    claimToHeaders = config.claimToHeaders.map { ClaimHeader(header: $0.headerName.lowercased(), claim: $0.claimPath) }
    payloadInMetadata = config.payloadInMetadata
    headerInMetadata = config.headerInMetadata
    failedStatusInMetadata = config.failedStatusInMetadata
    spaceDelimitedClaims = config.normalizePayloadInMetadata
    clearRouteCache = config.clearRouteCache
    if case .localJwks(let source) = config.jwksSource { localKeys = try? JsonWebKeySet(json: source.bytes) }
    if let cache = config.jwtCacheConfig {
      cacheSize = cache.jwtCacheSize == 0 ? 100 : Int(cache.jwtCacheSize)
      if cache.jwtMaxTokenSize > 0 { cacheMaxTokenBytes = Int(cache.jwtMaxTokenSize) }
    }
  }
}
