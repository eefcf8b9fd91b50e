import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// A cluster as all workers share it: its configuration in the units of the loop, its limits, its counters, and its
/// present hosts.
package final class ClusterInfo: Sendable {
  package let name: String
  /// What counters, logs and /clusters call it: `alt_stat_name`, or the name.
  package let observabilityName: String
  package let index: Int
  package let config: Cluster
  package let connectTimeoutNanoseconds: Int64
  package let bufferLimit: Int
  /// 0: no limit.
  package let maxRequestsPerConnection: Int
  /// 0: never.
  package let idleTimeoutNanoseconds: Int64
  /// 0: none.
  package let maxConnectionDurationNanoseconds: Int64
  private let defaultCircuitBreaker: CircuitBreaker
  private let highCircuitBreaker: CircuitBreaker
  let circuitBreakerGauges: [CircuitBreakerGauges]
  let codecOptions: HTTP1ClientOptions
  let http2Options: HTTP2Options
  /// Nil where it never speaks HTTP/2.
  let http2Stats: StatBlock<HTTP2Stat>?
  let tcpKeepalive: TcpKeepaliveOptions?
  let stats: StatBlock<ClusterStat>
  let scope: StatsScope
  let connectMilliseconds: HistogramID
  let lengthMilliseconds: HistogramID
  let requestsPerConnection: HistogramID
  let transportSockets: UpstreamTransportSockets
  /// Whether each request's host goes into its connection's TLS (auto_sni, auto_san_validation).
  let hasAutoSNI: Bool
  /// Whether ``Host/activeRequests`` is kept.
  let countsHostRequests: Bool
  /// Nil without.
  let healthCheck: HealthCheckInfo?
  private let current: Locked<HostSet>

  /// Who connects to its loopback hosts; nil where they are here.
  let dialer: (any UpstreamDialer)?

  init(
    _ config: Cluster, index: Int, store: StatsStore, dialer: (any UpstreamDialer)? = nil,
    makeTLS: (UpstreamTlsContext, StatsScope) -> TLSSocketFactory,
    makeHealthCheck: (HealthCheck, StatsScope) -> HealthCheckInfo? = { _, _ in nil }
  ) {
    name = config.name
    observabilityName = config.altStatName.isEmpty ? config.name : config.altStatName
    self.index = index
    self.config = config
    self.dialer = dialer
    connectTimeoutNanoseconds = config.connectTimeout.nanoseconds
    bufferLimit = Int(config.perConnectionBufferLimitBytes)
    let options = config.commonHttpProtocolOptions
    maxRequestsPerConnection = Int(options.maxRequestsPerConnection ?? 0)
    codecOptions = HTTP1ClientOptions(config)
    http2Options = HTTP2Options(config)
    tcpKeepalive = config.tcpKeepalive.map { TcpKeepaliveOptions($0) }
    idleTimeoutNanoseconds = options.idleTimeout.nanoseconds
    maxConnectionDurationNanoseconds = options.maxConnectionDuration?.nanoseconds ?? 0
    let scope = store.scope("cluster.\(observabilityName).")
    self.scope = scope
    stats = scope.block(ClusterStat.self)
    http2Stats = config.httpVersion == .http1 ? nil : scope.scope("http2.").block(HTTP2Stat.self)
    transportSockets = UpstreamTransportSockets(config, scope: scope, store: store) { makeTLS($0, scope) }
    let httpOptions = config.upstreamHttpProtocolOptions
    countsHostRequests = config.lbPolicy == .leastRequest
    hasAutoSNI = transportSockets.isSecure && (httpOptions.autoSni || httpOptions.autoSanValidation)
    defaultCircuitBreaker = CircuitBreaker(config.circuitBreakers.thresholds(for: .default))
    highCircuitBreaker = CircuitBreaker(config.circuitBreakers.thresholds(for: .high))
    circuitBreakerGauges = [("default", defaultCircuitBreaker), ("high", highCircuitBreaker)].map {
      CircuitBreakerGauges($1, scope: scope.scope("circuit_breakers.\($0)."))
    }
    connectMilliseconds = scope.histogram("upstream_cx_connect_ms")
    lengthMilliseconds = scope.histogram("upstream_cx_length_ms")
    requestsPerConnection = scope.histogram("upstream_rq_per_cx")
    healthCheck = config.healthChecks.first.flatMap { makeHealthCheck($0, scope) }
    current = Locked(HostSet([], of: config))
  }

  package func circuitBreaker(_ priority: RoutingPriority) -> CircuitBreaker {
    switch priority {
    case .high: highCircuitBreaker
    case .default: defaultCircuitBreaker
    }
  }

  /// What its pools speak for a request that came by `downstream`.
  func version(downstream: HTTPProtocol?) -> ConnectionPool.Version {
    switch config.httpVersion {
    case .http1: .http1
    case .http2: .http2
    case .auto: .negotiated
    case .downstream(let elseHTTP2): downstream == .http2 || (downstream == nil && elseHTTP2) ? .http2 : .http1
    }
  }

  /// How many streams at a time we have on a connection, whatever its peer allows.
  func maxStreams(by version: HTTPProtocol) -> Int {
    version == .http11 ? 1 : Int(config.http2ProtocolOptions.maxConcurrentStreams)
  }

  /// The hosts of this moment.
  package var hostSet: HostSet { current.withLock { $0 } }

  /// Hosts of this cluster's, not yet its own.
  func makeHostSet(_ hosts: [Host]) -> HostSet { HostSet(hosts, of: config) }

  /// Called by the main loop only, which then tells the workers.
  func replaceHosts(_ hosts: [Host]) -> HostSet {
    let set = HostSet(hosts, of: config)
    current.withLock { $0 = set }
    return set
  }
}

extension HostSet {
  fileprivate convenience init(_ hosts: [Host], of config: Cluster) {
    self.init(
      hosts: hosts, panicThresholdPercent: config.commonLbConfig.healthyPanicThreshold,
      overprovisioningPercent: Int(config.loadAssignment.overprovisioningFactor))
  }
}

extension HTTP2Options {
  /// Of the upstream side.
  fileprivate init(_ config: Cluster) {
    self.init(config.http2ProtocolOptions, bufferLimit: Int(config.perConnectionBufferLimitBytes))
    let common = config.commonHttpProtocolOptions
    maxHeadersCount = Int(common.maxHeadersCount)
    if let limit = common.maxResponseHeadersKb { maxHeadersKiB = Int(limit) }
  }
}
