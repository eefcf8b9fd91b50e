import EnvoyConfig
import HTTP
import Reactor

/// What a ``RouteEntry`` is made of.
struct RouteEntryDraft {
  var name = ConstantBytes.empty
  var virtualHostName = ConstantBytes.empty
  var origin = SourceLocation.none
  var virtualHost: EnvoyConfig.VirtualHost
  /// Envoy's defaults for a route that goes to no cluster.
  var route = EnvoyConfig.RouteAction()
  var action: RouteEntry.Action
  var matcher: PathMatcher
  var retryPolicy = RetryPolicy.none
  var hostRewrite: HostRewrite?
  var pathRewrite: PathRewrite?
  var requestBufferLimit: Int?
  var requestHeaders = ConstantList<HeaderParser>()
  var responseHeaders = ConstantList<HeaderParser>()
  var filterMetadata: [StructValue.Member] = []
  var filterConfigs: RouteFilterConfigs?
  var weightedFilterConfigs: [RouteFilterConfigs] = []
}

/// Compiles a route configuration that has passed validation.
struct RouteCompiler {
  private let config: EnvoyConfig.RouteConfiguration
  private let filters: [HttpFilter]
  private let filterConfigs = RouteFilterConfigCompiler()
  private let arena: RouteArena
  private let cluster: (String) -> Int?

  init(
    _ config: EnvoyConfig.RouteConfiguration, filters: [HttpFilter], arena: RouteArena,
    cluster: @escaping (String) -> Int?
  ) {
    self.config = config
    self.filters = filters
    self.arena = arena
    self.cluster = cluster
  }

  /// What a ``RouteTable`` is made of.
  struct Result {
    var virtualHosts: [RouteTable.VirtualHostEntry] = []
    var indexes: [RouteIndex] = []
    var entries: [RouteEntry] = []
  }

  func compile() throws(RouteTableError) -> Result {
    var result = Result()
    for virtualHost in config.virtualHosts {
      let matchers = virtualHost.routes.map { RouteMatcher($0.match, arena: arena) }
      let firstEntry = result.entries.count
      for (route, matcher) in zip(virtualHost.routes, matchers) {
        result.entries.append(RouteEntry(try draft(route, virtualHost, matcher.path), arena: arena))
      }
      result.entries.append(tlsRedirect(virtualHost))
      var index: Int?
      if matchers.count >= RouteIndex.minimumRoutes {
        index = result.indexes.count
        result.indexes.append(RouteIndex(matchers, arena: arena))
      }
      result.virtualHosts.append(
        RouteTable.VirtualHostEntry(
          matchers: arena.list(matchers), firstEntry: firstEntry,
          tlsRequirement: TLSRequirement(virtualHost.requireTls),
          tlsRedirect: result.entries.count - 1,
          index: index))
    }
    return result
  }

  private func tlsRedirect(_ virtualHost: EnvoyConfig.VirtualHost) -> RouteEntry {
    RouteEntry(
      RouteEntryDraft(
        virtualHostName: arena.bytes(virtualHost.name), origin: virtualHost.origin, virtualHost: virtualHost,
        action: .tlsRedirect, matcher: PathMatcher(EnvoyConfig.RouteMatch(), arena: arena)),
      arena: arena)
  }

  private func draft(
    _ route: EnvoyConfig.Route, _ virtualHost: EnvoyConfig.VirtualHost, _ matcher: PathMatcher
  ) throws(RouteTableError) -> RouteEntryDraft {
    var draft = RouteEntryDraft(
      name: arena.bytes(route.name), virtualHostName: arena.bytes(virtualHost.name), origin: route.origin,
      virtualHost: virtualHost, action: .tlsRedirect, matcher: matcher)
    switch route.action {
    case .route(let action): try fill(&draft, action)
    case .redirect(let redirect):
      draft.action = .redirect(RedirectEntry(redirect, arena: arena), status: redirect.responseCode.status)
    case .directResponse(let response):
      draft.action = .directResponse(
        status: UInt16(clamping: response.status), body: arena.bytes(response.body?.bytes ?? []))
    }
    let levels = levels(route, virtualHost)
    var request: [HeaderParser] = []
    var response: [HeaderParser] = []
    for level in levels {
      request.append(try requestParser(level))
      response.append(try responseParser(level))
    }
    draft.requestHeaders = arena.list(request.filter { !$0.isEmpty })
    draft.responseHeaders = arena.list(response.filter { !$0.isEmpty })
    draft.requestBufferLimit = bufferLimit(route, virtualHost)
    draft.filterMetadata = route.filterMetadata
    fillFilterConfigs(&draft, route)
    return draft
  }

  private func fillFilterConfigs(_ draft: inout RouteEntryDraft, _ route: EnvoyConfig.Route) {
    let levels = [
      route.typedPerFilterConfig, draft.virtualHost.typedPerFilterConfig, config.typedPerFilterConfig,
    ].filter { !$0.isEmpty }
    if !levels.isEmpty { draft.filterConfigs = RouteFilterConfigs(filters, levels, filterConfigs) }
    guard case .route(let action) = route.action, case .weightedClusters(let weighted) = action.clusterSpecifier,
      weighted.clusters.contains(where: { !$0.typedPerFilterConfig.isEmpty })
    else { return }
    draft.weightedFilterConfigs = weighted.clusters.map {
      RouteFilterConfigs(filters, [$0.typedPerFilterConfig] + levels, filterConfigs)
    }
  }

  private func fill(_ draft: inout RouteEntryDraft, _ action: EnvoyConfig.RouteAction) throws(RouteTableError) {
    draft.route = action
    draft.action = .cluster(try specifier(action.clusterSpecifier))
    if let policy = action.retryPolicy ?? draft.virtualHost.retryPolicy {
      draft.retryPolicy = RetryPolicy(policy, arena: arena)
    }
    switch action.hostRewrite {
    case .literal(let host): draft.hostRewrite = .literal(arena.bytes(host))
    case .auto: draft.hostRewrite = .auto
    case .header(let name): draft.hostRewrite = .header(HeaderField(name, arena: arena))
    case .pathRegex(let rewrite): draft.hostRewrite = .pathRegex(arena.regexRewrite(rewrite))
    case nil: break
    }
    if let rewrite = action.regexRewrite {
      draft.pathRewrite = .regex(arena.regexRewrite(rewrite))
    } else if !action.prefixRewrite.isEmpty {
      draft.pathRewrite = .prefix(arena.bytes(action.prefixRewrite))
    }
  }

  private func specifier(
    _ config: EnvoyConfig.RouteAction.ClusterSpecifier
  ) throws(RouteTableError) -> ClusterSpecifier {
    switch config {
    case .cluster(let name): return .cluster(cluster(name))
    case .clusterHeader(let name): return .clusterHeader(HeaderField(name, arena: arena))
    case .weightedClusters(let weighted):
      var entries: [WeightedClusterEntry] = []
      for config in weighted.clusters { entries.append(try weightedEntry(config)) }
      return .weighted(
        arena.list(entries), total: weighted.totalWeight,
        header: weighted.headerName.map { HeaderField($0, arena: arena) })
    }
  }

  private func weightedEntry(
    _ config: EnvoyConfig.WeightedCluster.ClusterWeight
  ) throws(RouteTableError) -> WeightedClusterEntry {
    let specifier: WeightedClusterEntry.Specifier =
      switch config.specifier {
      case .name(let name): .cluster(cluster(name))
      case .clusterHeader(let name): .clusterHeader(HeaderField(name, arena: arena))
      }
    return WeightedClusterEntry(
      specifier: specifier, weight: config.weight, requestHeaders: try requestParser(config.headers),
      responseHeaders: try responseParser(config.headers),
      hostRewriteLiteral: config.hostRewriteLiteral.map(arena.bytes))
  }

  /// In the order of evaluation: route, virtual host, route configuration; the other way round for
  /// `most_specific_header_mutations_wins`.
  private func levels(
    _ route: EnvoyConfig.Route, _ virtualHost: EnvoyConfig.VirtualHost
  ) -> [EnvoyConfig.HeaderMutations] {
    let levels = [route.headers, virtualHost.headers, config.headers]
    return config.mostSpecificHeaderMutationsWins ? levels.reversed() : levels
  }

  private func requestParser(_ level: EnvoyConfig.HeaderMutations) throws(RouteTableError) -> HeaderParser {
    try HeaderParser(
      add: level.requestHeadersToAdd, remove: level.requestHeadersToRemove, inline: InlineHeaders.request, arena: arena)
  }

  private func responseParser(_ level: EnvoyConfig.HeaderMutations) throws(RouteTableError) -> HeaderParser {
    try HeaderParser(
      add: level.responseHeadersToAdd, remove: level.responseHeadersToRemove, inline: InlineHeaders.response,
      arena: arena)
  }

  /// The route's before the virtual host's, and the newer field before the older one.
  private func bufferLimit(_ route: EnvoyConfig.Route, _ virtualHost: EnvoyConfig.VirtualHost) -> Int? {
    if let limit = route.requestBodyBufferLimit ?? virtualHost.requestBodyBufferLimit { return Int(clamping: limit) }
    return (route.perRequestBufferLimitBytes ?? virtualHost.perRequestBufferLimitBytes).map { Int($0) }
  }
}
