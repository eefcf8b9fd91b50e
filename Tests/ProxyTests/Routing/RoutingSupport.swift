import EnvoyConfig
import HTTP
import Reactor
import Telemetry
import Testing

@testable import Proxy

typealias ConfigRoute = EnvoyConfig.Route
typealias ConfigVirtualHost = EnvoyConfig.VirtualHost

/// A route that answers with its name.
func answering(
  _ name: String, _ path: EnvoyConfig.RouteMatch.PathSpecifier,
  change: (inout EnvoyConfig.RouteMatch) -> Void = { _ in }
) -> ConfigRoute {
  var route = ConfigRoute()
  route.name = name
  route.match.pathSpecifier = path
  change(&route.match)
  return route
}

/// A route to cluster number 0.
func forwarding(
  _ path: EnvoyConfig.RouteMatch.PathSpecifier, change: (inout EnvoyConfig.RouteAction) -> Void = { _ in }
) -> ConfigRoute {
  var action = EnvoyConfig.RouteAction()
  action.clusterSpecifier = .cluster("a")
  change(&action)
  var route = ConfigRoute()
  route.match.pathSpecifier = path
  route.action = .route(action)
  return route
}

func virtualHost(_ name: String, _ domains: [String], _ routes: [ConfigRoute]) -> ConfigVirtualHost {
  var host = ConfigVirtualHost()
  host.name = name
  host.domains = domains
  host.routes = routes
  return host
}

func table(
  _ virtualHosts: [ConfigVirtualHost], change: (inout EnvoyConfig.RouteConfiguration) -> Void = { _ in }
) throws -> RouteTable {
  var config = EnvoyConfig.RouteConfiguration()
  config.virtualHosts = virtualHosts
  change(&config)
  return try RouteTable(config) { ["a": 0, "b": 1][$0] }
}

func table(_ routes: [ConfigRoute]) throws -> RouteTable { try table([virtualHost("v", ["*"], routes)]) }

extension RouteTable {
  /// The route, found with and without the index.
  func lookUp(_ headers: HeaderMap, randomValue: UInt64 = 0, isInternal: Bool = false) -> RouteEntry? {
    let found = route(headers, randomValue: randomValue, isInternal: isInternal)
    let walked = routeByWalking(headers, randomValue: randomValue, isInternal: isInternal)
    #expect(found === walked)
    return found
  }

  func nameOfRoute(_ path: String, host: String = "h.x", _ more: KeyValuePairs<String, String> = [:]) -> String? {
    let headers: HeaderMap = [":method": "GET", ":authority": host, ":path": path, ":scheme": "http"]
    for (name, value) in more { headers.add(name, value) }
    return lookUp(headers)?.name.view.string
  }
}

extension RouteEntry {
  /// The headers after the route has done its work on them.
  func finalized(
    _ headers: HeaderMap, _ choice: ClusterChoice? = nil, suppressEnvoyHeaders: Bool = false
  ) -> HeaderMap {
    var scratch = TextBuffer()
    let choice = choice ?? chooseCluster(headers, randomValue: 0) { _ in nil }
    finalizeRequestHeaders(
      headers, choice, RequestValues(headers: headers), suppressEnvoyHeaders: suppressEnvoyHeaders, scratch: &scratch)
    #expect(scratch.count == 0)
    return headers
  }

  func location(_ headers: HeaderMap) -> String? {
    var output = TextBuffer()
    var scratch = TextBuffer()
    let has = appendLocation(headers, suppressEnvoyHeaders: false, to: &output, scratch: &scratch)
    #expect(scratch.count == 0)
    return has ? output.view.string : nil
  }
}

/// Only the request's headers are there.
struct RequestValues: SubstitutionValues {
  let headers: HeaderMap

  func append(_ text: SubstitutionText, to output: inout TextBuffer) -> Bool { false }
  func number(_ number: SubstitutionNumber) -> UInt64? { nil }
  func timePoint(_ point: SubstitutionTimePoint) -> Int64? { nil }
  func wallTime(_ time: SubstitutionTime) -> Int64 { 0 }
  func header(_ header: SubstitutionHeader, in source: SubstitutionHeaderSource) -> ByteView? {
    header.name.withUnsafeBytes { headers.value(named: ByteView($0)) }
  }
}

extension Proxy.RouteEntry {
  /// Whether the route answers by itself: a redirect or a direct response.
  var isDirectResponse: Bool {
    if case .cluster = action { false } else { true }
  }
}
