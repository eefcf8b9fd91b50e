import EnvoyConfig
import Testing

/// What the fields of HTTP/2 and gRPC become.
@Suite struct Http2ValuesTests {
  private let loaded = loadBootstrap(.file(path: CaseFiles.folder + "Accepted/http2_and_grpc.yaml"))

  private func manager() throws -> HttpConnectionManager {
    let chain = try #require(try loaded.get().staticResources.listeners.first?.filterChains.first)
    guard let filter = chain.filters.last, case .httpConnectionManager(let manager) = filter.config else {
      throw ConfigErrors([])
    }
    return manager
  }

  @Test func downstreamOptions() throws {
    let manager = try manager()
    #expect(manager.codecType == .http2)
    let options = manager.http2ProtocolOptions
    #expect(options.hpackTableSize == 0 && options.maxConcurrentStreams == 100)
    #expect(options.initialStreamWindowSize == 65_535 && options.allowConnect)
    #expect(options.maxOutboundFrames == 1 && options.maxOutboundControlFrames == 2)
    #expect(options.overrideStreamErrorOnInvalidHttpMessage == true)
    let keepalive = try #require(options.connectionKeepalive)
    #expect(keepalive.interval == .seconds(10) && keepalive.timeout == .seconds(5) && keepalive.intervalJitter == 1)
    #expect(keepalive.connectionIdleInterval == .milliseconds(1))
    #expect(manager.upgradeConfigs.map(\.upgradeType) == ["websocket", "CONNECT"])
    #expect(manager.upgradeConfigs.map(\.enabled) == [true, false])
  }

  @Test func filters() throws {
    let configs = try manager().httpFilters.map(\.config)
    guard configs.count == 4, case .grpcStats(let listed) = configs[0], case .grpcStats(let all) = configs[1],
      case .grpcWeb = configs[2], case .allowlist(let services) = listed.perMethodStats,
      case .all(let isAll) = all.perMethodStats
    else {
      Issue.record("not these filters")
      return
    }
    #expect(services.map(\.name) == ["p.S"] && services[0].methodNames == ["M", "O"])
    #expect(listed.enableUpstreamStats && listed.replaceDotsInGrpcServiceName)
    #expect(isAll && all.emitFilterState && !all.enableUpstreamStats && !all.replaceDotsInGrpcServiceName)
  }

  @Test func routes() throws {
    let routes = try #require(try manager().routeConfig.virtualHosts.first?.routes)
    #expect(routes.map(\.match.isGrpc) == [false, true])
    guard case .route(let connect) = routes[0].action, case .route(let grpc) = routes[1].action else {
      Issue.record("no routes")
      return
    }
    #expect(connect.upgradeConfigs.first?.connectConfig != nil)
    #expect(grpc.maxGrpcTimeout == .zero && grpc.grpcTimeoutOffset == .milliseconds(10))
    #expect(grpc.maxStreamDuration?.grpcTimeoutHeaderMax == .seconds(5))
    #expect(grpc.maxStreamDuration?.grpcTimeoutHeaderOffset == .milliseconds(500))
  }

  @Test func clusters() throws {
    let clusters = try loaded.get().staticResources.clusters
    let versions = clusters.map(\.httpVersion)
    #expect(versions == [.http2, .downstream(elseHttp2: true), .auto, .downstream(elseHttp2: true)])
    #expect(clusters[0].http2ProtocolOptions.maxConcurrentStreams == 7)
    #expect(clusters[2].http2ProtocolOptions.hpackTableSize == 1)
    #expect(clusters[0].loadAssignment.endpoints[0].lbEndpoints[0].endpoint.healthCheckConfig.portValue == 82)
  }

  @Test func healthChecks() throws {
    let checks = try loaded.get().staticResources.clusters.compactMap(\.healthChecks.first)
    guard checks.count == 3, case .grpc(let grpc) = checks[0].checker, case .tcp(let tcp) = checks[1].checker,
      case .http(let http) = checks[2].checker
    else {
      Issue.record("not three checks")
      return
    }
    #expect(checks[0].unhealthyThreshold == 3 && checks[0].unhealthyInterval == .seconds(4))
    #expect(checks[0].noTrafficInterval == .seconds(7) && !checks[0].reuseConnection)
    #expect(grpc.serviceName == "s.S" && grpc.initialMetadata.first?.key == "x")
    #expect(tcp.send == [0, 0xff] && tcp.receive == [[0, 1]])
    #expect(http.method == "POST" && http.send == [10] && http.isHTTP2 && http.responseBufferSize == 0)
    #expect(http.expectedStatuses.first?.end == 300)
  }
}
