import EnvoyConfig
import Reactor
import Security

/// A provider, ready for use: shared by all workers, never changed.
struct JwtProviderInfo: Sendable {
  struct ClaimHeader: Sendable {
    /// In lower case.
    var header: String
    /// The claim's name, split at its dots.
    var claim: [String]
  }

  var name = ""
  /// Empty: any.
  var issuer = ""
  var audiences = JwtAudiences()
  var subjects: StringMatcher?
  var requiresExpiration = false
  /// The most seconds that a token may have left.
  var maxLifetimeSeconds: UInt64?
  var clockSkewSeconds: UInt64 = 60
  /// Whether the token goes on to the upstream.
  var forward = false
  var locations = JwtLocations()
  /// In lower case; empty: none.
  var forwardPayloadHeader = ""
  var padForwardPayloadHeader = false
  var claimToHeaders: [ClaimHeader] = []
  /// Keys of the filter's dynamic metadata; empty: none.
  var payloadInMetadata = ""
  var headerInMetadata = ""
  var failedStatusInMetadata = ""
  var spaceDelimitedClaims: [String] = []
  var clearRouteCache = false
  /// Nil where the keys are fetched.
  var localKeys: JsonWebKeySet?
  /// 0: no cache.
  var cacheSize = 0
  var cacheMaxTokenBytes = 4096

  /// What the request may not claim for itself.
  var ownHeaders: [String] {
    (forwardPayloadHeader.isEmpty ? [] : [forwardPayloadHeader]) + claimToHeaders.map(\.header)
  }

  func isSubjectAllowed(_ subject: String) -> Bool {
    guard let subjects else { return true }
    return subjects.matches(subject)
  }

  func isLifetimeAllowed(_ token: JsonWebToken, now: UInt64) -> Bool {
    if token.expiration == 0 { return !requiresExpiration && maxLifetimeSeconds == nil }
    guard let maxLifetimeSeconds, token.expiration > now else { return true }
    return token.expiration - now <= maxLifetimeSeconds
  }
}

/// Which audiences will do. As Envoy compares them: without scheme and without a slash at the end.
struct JwtAudiences: Sendable {
  private let allowed: Set<String>

  /// None: any will do.
  init(_ audiences: [String] = []) { allowed = Set(audiences.map { Self.plain($0) }) }

  func allows(_ audiences: [String]) -> Bool {
    allowed.isEmpty || audiences.contains { allowed.contains(Self.plain($0)) }
  }

  private static func plain(_ audience: String) -> String {
    var rest = withoutScheme(audience)
    if rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
    return String(Substring(rest))
  }
}
