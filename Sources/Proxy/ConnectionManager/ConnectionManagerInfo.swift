import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// A connection manager of the configuration, ready for use: shared by all workers, never changed.
final class ConnectionManagerInfo: Sendable {
  /// In the order of the file.
  let filters: [HTTPFilterInfo]
  /// Bits of the filters that are left out where a route does not say otherwise.
  let skippedFilters: UInt64
  /// Whether any filter looks at responses beyond their head.
  let filtersSeeBodies: Bool
  let routes: RouteTable
  let router: RouterInfo
  let codecType: HttpConnectionManager.CodecType
  let codecOptions: HTTP1ServerOptions
  let http2Options: HTTP2Options
  let upgradeConfigs: [HttpConnectionManager.UpgradeConfig]
  let pathNormalization: PathNormalization
  // What is done to heads, as single fields: the configuration's struct would be copied at each look.
  let useRemoteAddress: Bool
  let xffNumTrustedHops: UInt32
  let skipXffAppend: Bool
  let schemeOverwrite: ConstantBytes
  let forwardClientCertDetails: HttpConnectionManager.ForwardClientCertDetails
  let forwardedClientCert: ForwardedClientCert
  let generateRequestID: Bool
  let preserveExternalRequestID: Bool
  let alwaysSetRequestIDInResponse: Bool
  let packTraceReason: Bool
  let appendXForwardedPort: Bool
  let serverHeaderTransformation: HttpConnectionManager.ServerHeaderTransformation
  let stripPortMode: HttpConnectionManager.StripPortMode
  let stripTrailingHostDot: Bool
  let bufferLimit: Int
  /// Where the listener listens; 0 for a Unix socket.
  let listenerPort: Int
  // Times in nanoseconds; 0: none.
  let streamIdleTimeout: Int64
  let requestTimeout: Int64
  let requestHeadersTimeout: Int64
  let maxStreamDuration: Int64
  let idleTimeout: Int64
  let maxConnectionDuration: Int64
  let delayedCloseTimeout: Int64
  let drainTimeout: Int64
  /// 0: no limit.
  let maxRequestsPerConnection: Int
  let proxies100Continue: Bool
  let internalAddresses: InternalAddresses
  let accessLogs: [AccessLogInfo]
  let serverName: ConstantBytes
  let via: ConstantBytes
  /// `add_user_agent`: the node's cluster; empty for none. And the node's id.
  let userAgent: ConstantBytes
  let nodeID: ConstantBytes
  /// This machine's own address, as Envoy appends it to x-forwarded-for for clients on loopback.
  let localAddress: ConstantBytes
  private let arena = RouteArena()

  let stats: StatBlock<ConnectionManagerStat>
  let codecStats: StatBlock<HTTP1Stat>
  let http2Stats: StatBlock<HTTP2Stat>
  let listenerStats: StatBlock<ListenerResponseStat>
  let requestTime: HistogramID
  let connectionLength: HistogramID

  init(
    _ config: HttpConnectionManager, listener: ListenerInfo.Scope, routes: RouteTable, accessLogs: [AccessLogInfo],
    store: StatsStore, node: Node, localAddress: [UInt8]
  ) {
    self.routes = routes
    self.accessLogs = accessLogs
    bufferLimit = listener.bufferLimit
    listenerPort = Int(listener.port)
    let common = config.commonHttpProtocolOptions
    codecType = config.codecType
    codecOptions = HTTP1ServerOptions(config)
    http2Options = HTTP2Options(config, bufferLimit: listener.bufferLimit)
    upgradeConfigs = config.upgradeConfigs
    pathNormalization = PathNormalization(config)
    useRemoteAddress = config.useRemoteAddress
    xffNumTrustedHops = config.xffNumTrustedHops
    skipXffAppend = config.skipXffAppend
    forwardClientCertDetails = config.forwardClientCertDetails
    forwardedClientCert = ForwardedClientCert(details: config.setCurrentClientCertDetails)
    if case .overwrite(let scheme)? = config.schemeHeaderTransformation {
      schemeOverwrite = arena.bytes(scheme)
    } else {
      schemeOverwrite = .empty
    }
    generateRequestID = config.generateRequestId
    preserveExternalRequestID = config.preserveExternalRequestId
    alwaysSetRequestIDInResponse = config.alwaysSetRequestIdInResponse
    packTraceReason = config.requestIdExtension.packTraceReason
    appendXForwardedPort = config.appendXForwardedPort
    serverHeaderTransformation = config.serverHeaderTransformation
    stripPortMode = config.stripPortMode
    stripTrailingHostDot = config.stripTrailingHostDot
    streamIdleTimeout = config.streamIdleTimeout.nanoseconds
    requestTimeout = config.requestTimeout.nanoseconds
    requestHeadersTimeout = config.requestHeadersTimeout.nanoseconds
    maxStreamDuration = common.maxStreamDuration?.nanoseconds ?? 0
    idleTimeout = common.idleTimeout.nanoseconds
    maxConnectionDuration = common.maxConnectionDuration?.nanoseconds ?? 0
    drainTimeout = config.drainTimeout.nanoseconds
    delayedCloseTimeout = config.delayedCloseTimeout.nanoseconds
    maxRequestsPerConnection = Int(common.maxRequestsPerConnection ?? 0)
    proxies100Continue = config.proxy100Continue
    internalAddresses = InternalAddresses(config.internalAddressConfig)
    serverName = arena.bytes(config.serverName.isEmpty ? "envoy" : config.serverName)
    via = arena.bytes(config.via)
    userAgent = config.addUserAgent ? arena.bytes(node.cluster) : .empty
    nodeID = arena.bytes(node.id)
    self.localAddress = arena.bytes(localAddress)
    let scope = store.scope("http.\(config.statPrefix).")
    stats = scope.block(ConnectionManagerStat.self)
    codecStats = store.scope("http1.").block(HTTP1Stat.self)
    http2Stats = store.scope("http2.").block(HTTP2Stat.self)
    listenerStats = listener.scope.scope("http.\(config.statPrefix).").block(ListenerResponseStat.self)
    requestTime = scope.histogram("downstream_rq_time")
    connectionLength = scope.histogram("downstream_cx_length_ms")
    let router = RouterInfo(config, stats: stats)
    self.router = router
    filters = config.httpFilters.map {
      HTTPFilterInfo($0, router: router, scope: scope, localAddress: localAddress)
    }
    filtersSeeBodies = filters.contains { $0.seesResponseBody }
    skippedFilters = RouteFilterConfigs(config.httpFilters, [], RouteFilterConfigCompiler()).skipped
  }
}

/// The router filter's configuration.
struct RouterInfo: Sendable {
  let dynamicStats: Bool
  let suppressEnvoyHeaders: Bool
  /// Whether gRPC requests count in no counter of codes.
  let suppressGrpcCodes: Bool
  let stats: StatBlock<ConnectionManagerStat>

  init(_ manager: HttpConnectionManager, stats: StatBlock<ConnectionManagerStat>) {
    var router = EnvoyConfig.Router()
    for filter in manager.httpFilters {
      if case .router(let config) = filter.config { router = config }
    }
    dynamicStats = router.dynamicStats
    suppressEnvoyHeaders = router.suppressEnvoyHeaders
    suppressGrpcCodes = router.suppressGrpcRequestFailureCodeStats
    self.stats = stats
  }
}

/// `internal_address_config`: whose requests count as internal. Nobody's by default, not even loopback's.
struct InternalAddresses: Sendable {
  private let unixSockets: Bool
  private let ranges: [AddressRange]

  init(_ config: HttpConnectionManager.InternalAddressConfig) {
    unixSockets = config.unixSockets
    ranges = config.cidrRanges.compactMap { AddressRange($0) }
  }

  var isEmpty: Bool { !unixSockets && ranges.isEmpty }

  func contains(_ address: Reactor.SocketAddress) -> Bool {
    if !address.isIP { return unixSockets }
    return ranges.contains { $0.contains(address) }
  }
}
