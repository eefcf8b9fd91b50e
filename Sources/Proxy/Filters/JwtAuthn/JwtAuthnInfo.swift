import EnvoyConfig
import HTTP
import Reactor
import Security
import Telemetry

/// A jwt_authn filter's configuration, ready for use: shared by all workers, never changed.
final class JwtAuthnInfo: Sendable {
  /// Where a provider's keys are fetched from.
  struct RemoteKeys: Sendable {
    var cluster: String
    var host: [UInt8]
    var path: [UInt8]
    var timeoutNanoseconds: Int64
    var cacheNanoseconds: Int64
    /// Nil: fetched when a request needs them. Else fetched beforehand, and after a failure again this much later.
    var refetchNanoseconds: Int64?
    var retries: RemoteRetries?

    /// When keys are fetched again that are fetched beforehand: as Envoy, five seconds before they are out of date.
    var renewalNanoseconds: Int64 {
      let early: Int64 = 5_000_000_000
      return max(cacheNanoseconds > early ? cacheNanoseconds - early : cacheNanoseconds, 1_000_000)
    }
  }

  struct RemoteRetries: Sendable {
    var count: Int
    var on: RetryOn
    var baseMilliseconds: Int
    var maxMilliseconds: Int
  }

  private struct Rule: Sendable {
    let matcher: RouteMatcher
    let requirement: JwtRequirementInfo?
  }

  let providers: [JwtProviderInfo]
  /// By provider; nil where the keys are in the configuration.
  let remotes: [RemoteKeys?]
  private let rules: [Rule]
  private let requirements: [String: JwtRequirementInfo]
  /// What clients may not claim for themselves, in lower case.
  let ownHeaders: [String]
  let bypassCorsPreflight: Bool
  let stripFailureResponse: Bool
  let stats: StatBlock<JwtAuthnStat>
  /// This machine's address, which fetches name in x-forwarded-for.
  let localAddress: [UInt8]
  private let arena: RouteArena

  /// - Parameter scope: the connection manager's, `http.PREFIX.`.
  init(_ config: JwtAuthentication, scope: StatsScope, localAddress: [UInt8]) {
    let arena = RouteArena()
    let providers = config.providers.map { JwtProviderInfo($0, arena: arena) }
    let compiler = JwtRequirementCompiler(providers)
    let requirements = config.requirementMap.mapValues { compiler.compile($0) }
    self.arena = arena
    self.providers = providers
    self.requirements = requirements
    remotes = config.providers.map { RemoteKeys($0) }
    rules = config.rules.map { rule in
      let requirement: JwtRequirementInfo? =
        switch rule.requirementType {
        case nil: nil
        case .requires(let requirement): compiler.compile(requirement)
        case .requirementName(let name): requirements[name]
        }
      return Rule(matcher: RouteMatcher(rule.match, arena: arena), requirement: requirement)
    }
    ownHeaders = Array(Set(providers.flatMap(\.ownHeaders))).sorted()
    bypassCorsPreflight = config.bypassCorsPreflight
    stripFailureResponse = config.stripFailureResponse
    let prefix = config.statPrefix.isEmpty ? "jwt_authn." : "jwt_authn.\(config.statPrefix)."
    stats = scope.scope(prefix).block(JwtAuthnStat.self)
    self.localAddress = localAddress
  }

  /// What a request needs by the first rule that fits; nil: nothing.
  func requirement(for headers: HeaderMap, randomValue: UInt64) -> JwtRequirementInfo? {
    let path = headers.value(of: .path) ?? .empty
    let mark = path.firstIndex(of: UInt8(ascii: "?"))
    let request = RouteRequest(
      path: mark.map { path.prefix($0) } ?? path, query: mark.map { path.dropFirst($0 + 1) } ?? .empty,
      randomValue: randomValue)
    return rules.first { $0.matcher.matches(request, headers) }?.requirement
  }

  func requirement(named name: String) -> JwtRequirementInfo? { requirements[name] }

  /// Why a route's requirement cannot be met, in Envoy's words.
  func wrongRequirement(_ name: String) -> String {
    let known = requirements.keys.sorted().joined(separator: ",")
    return "Wrong requirement_name: \(name). It should be one of [\(known)]"
  }

  /// What is wrong with the keys that the configuration brings.
  static func errors(in config: JwtAuthentication) -> [ConfigError] {
    config.providers.compactMap { provider in
      guard case .localJwks(let source) = provider.jwksSource else { return nil }
      do throws(JwtStatus) {
        _ = try JsonWebKeySet(json: source.bytes)
        return nil
      } catch {
        return ConfigError(
          location: source.origin, path: "providers.\(provider.name).local_jwks",
          problem: "Provider '\(provider.name)' in jwt_authn config has invalid local jwks: \(error.text)")
      }
    }
  }
}

extension JwtAuthnInfo.RemoteKeys {
  init?(_ provider: JwtProvider) {
    guard case .remoteJwks(let config) = provider.jwksSource else { return nil }
    (host, path) = Self.split(config.httpUri.uri)
    cluster = config.httpUri.cluster
    timeoutNanoseconds = config.httpUri.timeout.nanoseconds
    cacheNanoseconds = config.cacheDuration.nanoseconds
    refetchNanoseconds = config.asyncFetch.map { $0.failedRefetchDuration.nanoseconds }
    retries = config.retryPolicy.map { policy in
      let backOff = policy.retryBackOff ?? CoreRetryPolicy.BackoffStrategy()
      let on = withBytes(policy.retryOn) { RetryOn(parsing: $0) }
      return JwtAuthnInfo.RemoteRetries(
        count: Int(policy.numRetries),
        on: policy.retryOn.isEmpty ? [.serverError, .gatewayError, .connectFailure, .reset] : on,
        baseMilliseconds: Int(backOff.baseInterval.nanoseconds / 1_000_000),
        maxMilliseconds: Int(backOff.maxInterval.nanoseconds / 1_000_000))
    }
  }

  /// Host and path of a URI.
  private static func split(_ uri: String) -> (host: [UInt8], path: [UInt8]) {
    let rest = withoutScheme(uri)
    let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
    let path = Array(rest[slash...])
    return (Array(rest[..<slash]), path.isEmpty ? Array("/".utf8) : path)
  }
}

/// Turns requirements of the configuration, which name providers, into those that workers judge by.
private struct JwtRequirementCompiler {
  private let providers: [JwtProviderInfo]

  init(_ providers: [JwtProviderInfo]) { self.providers = providers }

  func compile(_ requirement: EnvoyConfig.JwtRequirement) -> JwtRequirementInfo {
    compile(requirement, places(of: nil))
  }

  /// - Parameter places: where tokens may stand that nobody requires.
  private func compile(_ requirement: EnvoyConfig.JwtRequirement, _ places: JwtLocations) -> JwtRequirementInfo {
    switch requirement {
    case .none: .allowAll
    case .providerName(let name): provider(name, audiences: nil)
    case .providerAndAudiences(let name, let audiences):
      provider(name, audiences: audiences.isEmpty ? nil : JwtAudiences(audiences))
    case .requiresAny(let list): any(list)
    case .requiresAll(let list): .all(list.map { compile($0) })
    case .allowMissing: .allowMissing(places)
    case .allowMissingOrFailed: .allowMissingOrFailed(places)
    }
  }

  /// As Envoy: beside providers, what lets everybody in looks for tokens at these providers' places only.
  private func any(_ list: [EnvoyConfig.JwtRequirement]) -> JwtRequirementInfo {
    let names = list.compactMap { requirement -> String? in
      switch requirement {
      case .providerName(let name), .providerAndAudiences(let name, _): name
      default: nil
      }
    }
    let places = places(of: names.isEmpty ? nil : names)
    return .alternatives(list.map { compile($0, places) })
  }

  private func provider(_ name: String, audiences: JwtAudiences?) -> JwtRequirementInfo {
    providers.firstIndex { $0.name == name }.map { .provider($0, audiences: audiences) } ?? .allowAll
  }

  private func places(of names: [String]?) -> JwtLocations {
    JwtLocations(joining: providers.filter { names?.contains($0.name) ?? true }.map(\.locations))
  }
}
