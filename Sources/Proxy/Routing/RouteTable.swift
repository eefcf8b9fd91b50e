import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// A compiled `envoy.config.route.v3.RouteConfiguration`: immutable, shared by all workers.
///
/// Finding a route makes no String and allocates nothing (but for a repeated header that a matcher wants joined). Virtual
/// hosts are found by hash; routes in the order of the file, where the list is long with the help of a ``RouteIndex``.
package final class RouteTable: Sendable {
  struct VirtualHostEntry: BitwiseCopyable {
    var matchers: ConstantList<RouteMatcher>
    /// The place of the first route in `entries`.
    var firstEntry: Int
    var tlsRequirement: TLSRequirement
    /// Where the route that redirects to https stands in `entries`.
    var tlsRedirect: Int
    /// The number of its index; nil for a short list.
    var index: Int?
  }

  package let name: String
  package let origin: SourceLocation
  private let virtualHostMatcher: VirtualHostMatcher
  private let virtualHosts: ConstantList<VirtualHostEntry>
  private let indexes: ConstantList<RouteIndex>
  private let entries: [RouteEntry]
  private let internalOnlyHeaders: ConstantList<HeaderField>
  private let ignorePathParameters: Bool
  private let arena: RouteArena

  /// - Parameters:
  ///   - filters: the connection manager's, to which `typed_per_filter_config` speaks.
  ///   - cluster: the number of a cluster; nil where there is none, which is found out by each request (503 NC).
  package init(
    _ config: EnvoyConfig.RouteConfiguration, filters: [HttpFilter] = [], cluster: @escaping (String) -> Int?
  ) throws(RouteTableError) {
    let arena = RouteArena()
    let compiled = try RouteCompiler(config, filters: filters, arena: arena, cluster: cluster).compile()
    name = config.name
    origin = config.origin
    virtualHostMatcher = VirtualHostMatcher(config, arena: arena)
    virtualHosts = arena.list(compiled.virtualHosts)
    indexes = arena.list(compiled.indexes)
    entries = compiled.entries
    internalOnlyHeaders = arena.list(config.internalOnlyHeaders.map { HeaderField($0, arena: arena) })
    ignorePathParameters = config.ignorePathParametersInPathMatching
    self.arena = arena
  }

  /// The route for a request, by its `:authority`, `:path` and other headers; nil: 404, `route_not_found`.
  ///
  /// - Parameters:
  ///   - randomValue: drawn once for the request; decides `runtime_fraction`.
  ///   - isInternal: for `require_tls: EXTERNAL_ONLY`.
  package func route(
    _ headers: HeaderMap, randomValue: UInt64, isInternal: Bool
  ) -> RouteEntry? {
    find(headers, randomValue, isInternal, usesIndex: true).map { entries[$0] }
  }

  /// The same for the way of a request, without a retain of what all workers share.
  func withRoute(_ headers: HeaderMap, randomValue: UInt64, isInternal: Bool, _ body: (RouteEntry) -> Void) {
    guard let index = find(headers, randomValue, isInternal, usesIndex: true) else { return }
    Unretained(entries[index]).use(body)
  }

  /// Removes what only internal requests may carry (`internal_only_headers`).
  package func removeInternalOnlyHeaders(_ headers: HeaderMap) {
    for index in 0..<internalOnlyHeaders.count { internalOnlyHeaders[index].remove(from: headers) }
  }

  /// The same without indexes, to compare with.
  func routeByWalking(
    _ headers: HeaderMap, randomValue: UInt64, isInternal: Bool
  ) -> RouteEntry? {
    find(headers, randomValue, isInternal, usesIndex: false).map { entries[$0] }
  }

  /// The place of the route among the entries.
  private func find(_ headers: HeaderMap, _ randomValue: UInt64, _ isInternal: Bool, usesIndex: Bool) -> Int? {
    guard let number = virtualHostMatcher.find(headers.value(of: .authority) ?? .empty) else { return nil }
    let virtualHost = virtualHosts[number]
    if redirectsToTls(virtualHost, headers, isInternal: isInternal) { return virtualHost.tlsRedirect }
    guard let whole = headers.value(of: .path) else { return findConnect(virtualHost, headers, randomValue) }
    let path = whole.withoutQuery
    let query =
      whole.count > path.count && whole[path.count] == UInt8(ascii: "?") ? whole.dropFirst(path.count + 1) : .empty
    if ignorePathParameters, path.firstIndex(of: UInt8(ascii: ";")) != nil {
      // Rare, so a buffer of its own.
      var stripped = TextBuffer(capacity: path.count)
      appendWithoutParameters(path, to: &stripped)
      let request = RouteRequest(path: stripped.view, query: query, randomValue: randomValue)
      return find(virtualHost, request, headers, usesIndex: usesIndex)
    }
    let request = RouteRequest(path: path, query: query, randomValue: randomValue)
    return find(virtualHost, request, headers, usesIndex: usesIndex)
  }

  private func find(
    _ virtualHost: VirtualHostEntry, _ request: RouteRequest, _ headers: HeaderMap, usesIndex: Bool
  ) -> Int? {
    let matchers = virtualHost.matchers
    if usesIndex, let index = virtualHost.index {
      var first = matchers.count
      // What a closure has of a reference, it retains.
      let headers = Unretained(headers)
      indexes[index].forEachBucket(request.path) { bucket in
        for position in 0..<bucket.count {
          let route = Int(bucket[position])
          if route >= first { return }
          if headers.use({ matchers[route].matches(request, $0) }) {
            first = route
            return
          }
        }
      }
      return first < matchers.count ? virtualHost.firstEntry + first : nil
    }
    for route in 0..<matchers.count where matchers[route].matches(request, headers) {
      return virtualHost.firstEntry + route
    }
    return nil
  }

  private func findConnect(
    _ virtualHost: VirtualHostEntry, _ headers: HeaderMap, _ randomValue: UInt64
  ) -> Int? {
    let matchers = virtualHost.matchers
    for route in 0..<matchers.count where matchers[route].matchesConnect(headers, randomValue: randomValue) {
      return virtualHost.firstEntry + route
    }
    return nil
  }

  private func redirectsToTls(_ virtualHost: VirtualHostEntry, _ headers: HeaderMap, isInternal: Bool) -> Bool {
    switch virtualHost.tlsRequirement {
    case .none: return false
    case .externalOnly where isInternal: return false
    case .externalOnly, .all: return headers.value(of: .scheme).map { !($0 == "https") } ?? false
    }
  }
}

/// `VirtualHost.require_tls`.
enum TLSRequirement: BitwiseCopyable {
  case none, externalOnly, all

  init(_ config: EnvoyConfig.VirtualHost.TlsRequirementType) {
    switch config {
    case .none: self = .none
    case .externalOnly: self = .externalOnly
    case .all: self = .all
    }
  }
}

/// `/a;x=1/b;y` becomes `/a/b`.
private func appendWithoutParameters(_ path: ByteView, to output: inout TextBuffer) {
  var inParameters = false
  for index in 0..<path.count {
    let byte = path[index]
    if byte == UInt8(ascii: ";") { inParameters = true }
    if byte == UInt8(ascii: "/") { inParameters = false }
    if !inParameters { output.append(byte: byte) }
  }
}
