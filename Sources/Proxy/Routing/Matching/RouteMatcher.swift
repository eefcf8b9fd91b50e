import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// What of a request, beside its headers, the routes are matched against.
struct RouteRequest {
  /// Without the query, and without path parameters where the configuration ignores these.
  let path: ByteView
  /// After the question mark.
  let query: ByteView
  let randomValue: UInt64
}

/// A compiled `RouteMatch`.
struct RouteMatcher: Sendable, BitwiseCopyable {
  let path: PathMatcher
  private let headerMatchers: ConstantList<HeaderMatcher>
  private let queryParameters: ConstantList<QueryParameterMatcher>
  private let isGrpc: Bool
  private let fractionNumerator: UInt64
  private let fractionDenominator: UInt64

  init(_ config: EnvoyConfig.RouteMatch, arena: RouteArena) {
    path = PathMatcher(config, arena: arena)
    headerMatchers = arena.list(config.headers.map { HeaderMatcher($0, arena: arena) })
    queryParameters = arena.list(config.queryParameters.map { QueryParameterMatcher($0, arena: arena) })
    isGrpc = config.isGrpc
    let fraction = config.runtimeFraction?.defaultValue ?? FractionalPercent(numerator: 100, denominator: .hundred)
    fractionNumerator = UInt64(fraction.numerator)
    fractionDenominator = UInt64(fraction.denominator.rawValue)
  }

  func matches(_ request: RouteRequest, _ headers: HeaderMap) -> Bool {
    path.matches(request.path) && matchesRest(request, headers)
  }

  /// For a CONNECT request, which has no path.
  func matchesConnect(_ headers: HeaderMap, randomValue: UInt64) -> Bool {
    path.isConnect && matchesRest(RouteRequest(path: .empty, query: .empty, randomValue: randomValue), headers)
  }

  private func matchesRest(_ request: RouteRequest, _ headers: HeaderMap) -> Bool {
    if fractionNumerator < fractionDenominator, request.randomValue % fractionDenominator >= fractionNumerator {
      return false
    }
    if isGrpc, !headers.isGrpcRequest { return false }
    for index in 0..<headerMatchers.count where !headerMatchers[index].matches(headers) {
      return false
    }
    for index in 0..<queryParameters.count where !queryParameters[index].matches(query: request.query) { return false }
    return true
  }
}
