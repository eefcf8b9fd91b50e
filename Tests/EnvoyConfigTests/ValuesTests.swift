import EnvoyConfig
import Testing

/// What Accepted/everything.yaml says arrives in the values.
@Suite struct ValuesTests {
  private let bootstrap: Bootstrap

  init() throws {
    bootstrap = try loadBootstrap(.file(path: CaseFiles.folder + "Accepted/everything.yaml")).get()
  }

  private func manager() throws -> HttpConnectionManager {
    guard
      case .httpConnectionManager(let manager) = bootstrap.staticResources.listeners[0].filterChains[0].filters[0]
        .config
    else { throw Missing() }
    return manager
  }

  private struct Missing: Error {}

  @Test func bootstrapValues() {
    #expect(bootstrap.node.id == "node-1")
    #expect(bootstrap.node.metadata?["team"]?.string == "checkout")
    #expect(bootstrap.statsFlushInterval == .milliseconds(2500))
    #expect(bootstrap.layeredRuntime.layers.map(\.specifier) == [.staticLayer, .adminLayer])
    #expect(bootstrap.admin?.address == .socketAddress(SocketAddress(address: "127.0.0.1", portValue: 0)))
  }

  @Test func listenerValues() {
    let listeners = bootstrap.staticResources.listeners
    #expect(listeners.map(\.name) == ["http", "tcp"])
    #expect(listeners[0].address == .socketAddress(SocketAddress(address: "::", portValue: 0, ipv4Compat: true)))
    #expect(listeners[0].tcpBacklogSize == 128)
    #expect(listeners[0].enableReusePort == false)
    #expect(listeners[0].trafficDirection == .inbound)
    #expect(listeners[0].tcpKeepalive?.keepaliveTime == 60)
    #expect(listeners[1].address == .pipe(Pipe(path: "/tmp/pillion-test.sock", mode: 0o660)))
    #expect(listeners[1].origin.line == (listeners[1].node?.location.line ?? 0))
    guard case .tcpProxy(let tcp) = listeners[1].filterChains[0].filters[0].config,
      case .weightedClusters(let weights) = tcp.clusterSpecifier
    else { return #expect(Bool(false)) }
    #expect(weights.map(\.weight) == [2, 1])
    #expect(tcp.maxConnectAttempts == 2)
  }

  @Test func connectionManagerValues() throws {
    let manager = try manager()
    #expect(manager.codecType == .http1)
    #expect(manager.stripPortMode == .any)
    #expect(manager.streamIdleTimeout == .seconds(30))
    #expect(manager.delayedCloseTimeout == .milliseconds(500))
    #expect(manager.requestIdExtension.packTraceReason == false)
    #expect(manager.internalAddressConfig.cidrRanges.map(\.prefixLen) == [8, 128])
    #expect(manager.commonHttpProtocolOptions.maxRequestsPerConnection == 1000)
    #expect(manager.http1ProtocolOptions.allowCustomMethods)
    #expect(manager.accessLog.count == 3)
    guard case .router(let router)? = manager.httpFilters.last?.config else { return #expect(Bool(false)) }
    #expect(router.dynamicStats == false)
  }

  @Test func accessLogFormats() throws {
    let logs = try manager().accessLog
    guard case .text(let text)? = logs[0].format?.format, case .json(.object(let members))? = logs[1].format?.format,
      case .text(let old)? = logs[2].format?.format, case .and(let filters)? = logs[0].filter
    else { return #expect(Bool(false)) }
    #expect(text == "%START_TIME% %RESPONSE_CODE%\n")
    #expect(logs[0].format?.omitEmptyValues == true)
    #expect(members.map(\.name) == ["code", "nested"])
    #expect(old == "%PROTOCOL%\n")
    #expect(filters.count == 2)
  }

  @Test func routeValues() throws {
    let config = try manager().routeConfig
    #expect(config.internalOnlyHeaders == ["x-internal"])
    #expect(config.headers.responseHeadersToAdd.first?.appendAction == .overwriteIfExistsOrAdd)
    #expect(config.virtualHosts[1].domains == ["*"])
    let routes = config.virtualHosts[0].routes
    #expect(routes[0].match.headers.count == 13)
    guard case .route(let api) = routes[0].action else { return #expect(Bool(false)) }
    #expect(api.timeout == .seconds(3))
    #expect(api.idleTimeout == .zero)
    #expect(api.priority == .high)
    #expect(api.clusterNotFoundResponseCode.status == 404)
    #expect(api.retryPolicy?.retryBackOff?.maxInterval == .milliseconds(100))
    #expect(api.retryPolicy?.retriableStatusCodes == [409, 425])
    guard case .route(let weighted) = routes[2].action, case .weightedClusters(let clusters) = weighted.clusterSpecifier
    else { return #expect(Bool(false)) }
    #expect(clusters.totalWeight == 4)
    #expect(clusters.clusters[0].hostRewriteLiteral == "l")
    guard case .redirect(let redirect) = routes[4].action else { return #expect(Bool(false)) }
    #expect(redirect.responseCode.status == 308)
    guard case .directResponse(let response) = routes[7].action else { return #expect(Bool(false)) }
    #expect(response.body?.bytes == Array("short and stout".utf8))
    guard case .directResponse(let bytes) = routes[8].action else { return #expect(Bool(false)) }
    #expect(bytes.body?.bytes == Array("sorry".utf8))
  }

  @Test func clusterValues() {
    let clusters = bootstrap.staticResources.clusters
    let (local, dns, bare) = (clusters[0], clusters[1], clusters[2])
    #expect(local.lbPolicy == .leastRequest)
    #expect(local.leastRequestLbConfig.activeRequestBias == 0.5)
    #expect(local.commonLbConfig.healthyPanicThreshold == 25.5)
    #expect(local.circuitBreakers.thresholds(for: .default).maxRetries == 40)
    #expect(local.circuitBreakers.thresholds(for: .high).retryBudget?.budgetPercent == 33.3)
    #expect(local.outlierDetection?.maxEjectionTime == .seconds(400))
    #expect(local.commonHttpProtocolOptions.maxRequestsPerConnection == 7)
    #expect(local.http1ProtocolOptions.enableTrailers)
    let endpoints = local.loadAssignment.endpoints[0].lbEndpoints
    #expect(endpoints[0].endpoint.address == .socketAddress(SocketAddress(address: "127.0.0.1", portValue: 8080)))
    #expect(endpoints[0].healthStatus == .degraded)
    #expect(endpoints[1].loadBalancingWeight == 1)
    #expect(dns.type == .strictDns)
    #expect(dns.lbPolicy == .random)
    #expect(dns.dnsFailureRefreshRate?.maxInterval == .seconds(20))
    #expect(dns.commonHttpProtocolOptions.maxRequestsPerConnection == 9)
    #expect(bare.type == .static)
    #expect(bare.connectTimeout == .seconds(5))
    #expect(bare.loadAssignment.endpoints.isEmpty)
    #expect(bare.outlierDetection == nil)
  }

  @Test func camelCaseIsTheSame() throws {
    let bootstrap = try loadBootstrap(.file(path: CaseFiles.folder + "Accepted/camel_case.json")).get()
    #expect(bootstrap.staticResources.listeners.first?.perConnectionBufferLimitBytes == 1024)
    #expect(bootstrap.staticResources.clusters.first?.outlierDetection?.consecutive5xx == 10)
    #expect(bootstrap.document?.json.contains("\"consecutive_5xx\": 1e1") == true)
  }
}
