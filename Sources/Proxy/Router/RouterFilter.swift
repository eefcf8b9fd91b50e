import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// The last filter: sends the request to a host of the route's cluster, tries again where the retry policy says so, and
/// passes the response back (Envoy's Router::Filter). Only it knows of retries and of the upstream's timeouts.
///
///     idle --head--> trying --response--> passing on --end--> idle
///                     ^  |
///                     +--+ back-off, after a failure that is worth another try
final class RouterFilter: HTTPFilter {
  enum TimerID {
    static let timeout: UInt8 = 0
    static let backOff: UInt8 = 1
  }

  let config: RouterInfo
  var upstream: UpstreamRequest?
  var attemptInFlight = false
  // Not retained: the worker has its clusters, and its snapshot the routes, for longer than any stream lives. So with
  // the circuit breaker, which is the cluster's.
  var cluster: Unretained<WorkerCluster>?
  var route: Unretained<RouteEntry>?
  var breaker: Unretained<CircuitBreaker>?
  var choice: ClusterChoice?
  var retry = RetryState()
  /// By its head as the filters before left it.
  var isGrpc = false
  /// Its response has begun, and its host has not counted it as a success or failure yet.
  var defersSuccess = false
  var requestEnded = false
  var responseStarted = false
  var answered = false
  var backedUp = false
  private var holdsResponse = false
  /// What of the body waits for the upstream, or is kept for another try.
  var body: ByteQueue
  var bodyTrailers: HeaderMap?
  /// The body is kept whole, for another try.
  var keepsBody = false
  var pausedDownstream = false
  /// The try that the back-off leads to follows one that took too long.
  var retriesTimeout = false
  var timeoutTimer = Timer()
  var backOffTimer = Timer()
  var requestCompletedAt: Int64 = 0
  var timeouts = RouteTimeouts()

  init(_ stream: ActiveStream, _ config: RouterInfo) {
    self.config = config
    worker = stream.worker
    loop = stream.loop
    headerMaps = stream.worker.headerMaps
    body = ByteQueue(pool: stream.worker.loop.pool)
    super.init(stream)
  }

  let worker: Worker
  let loop: EventLoop
  let headerMaps: HeaderMapPool
  var now: Int64 { loop.now }

  // MARK: The request

  override func decodeRequestHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus {
    shard.increment(config.stats[.rqTotal])
    requestEnded = endStream
    if let route = stream.info.route {
      route.use { if !answerDirectly($0, headers) { send(headers, $0) } }
    } else {
      shard.increment(config.stats[.noRoute])
      reply(404, detail: "route_not_found", flag: .noRouteFound)
    }
    return .stopIteration
  }

  /// Chooses the cluster and the host, and begins the first attempt.
  private func send(_ headers: HeaderMap, _ route: RouteEntry) {
    self.route = Unretained(route)
    let snapshot = Unretained(worker.snapshot)
    let choice = route.chooseCluster(headers, randomValue: stream.info.randomValue) { name in
      snapshot.use { $0.clusterIndex(named: name) }
    }
    guard let index = choice.cluster else {
      shard.increment(config.stats[.noCluster])
      return reply(route.clusterNotFoundStatus, detail: "cluster_not_found", flag: .noClusterFound)
    }
    self.choice = choice
    Unretained(worker.clusters[index]).use { send(headers, route, choice, $0) }
  }

  private func send(_ headers: HeaderMap, _ route: RouteEntry, _ choice: ClusterChoice, _ cluster: WorkerCluster) {
    self.cluster = Unretained(cluster)
    stream.info.upstreamCluster = Unretained(cluster.info)
    stream.info.attemptCount = 1
    breaker = Unretained(cluster.info.circuitBreaker(route.priority))
    guard let host = chooseHost(cluster) else { return }
    prepare(headers, route, choice)
    if route.hasAutoHostRewrite { rewriteHost(headers, route, cluster.hostSet.candidates[host]) }
    if requestEnded { requestCompleted() }
    startAttempt(cluster, host, route)
  }

  func chooseHost(_ cluster: WorkerCluster) -> Int? {
    if let host = cluster.chooseHost(for: stream.downstream.connection?.originalDestination) { return host }
    shard.increment(cluster.info.stats[.upstreamCxNoneHealthy])
    reply(503, body: "no healthy upstream", detail: "no_healthy_upstream", flag: .noHealthyUpstream)
    return nil
  }

  /// Timeouts, the retry state, and what the route changes about the request's head.
  func prepare(_ headers: HeaderMap, _ route: RouteEntry, _ choice: ClusterChoice) {
    let isInternal = stream.info.isInternal
    isGrpc = headers.isGrpcRequest
    timeouts.begin(route, headers, isInternal: isInternal, isGrpc: isGrpc)
    setExpectedTimeout(headers, spent: 0)
    if route.includesAttemptCountInRequest { headers.set(.xEnvoyAttemptCount, "1") }
    route.finalizeRequestHeaders(
      headers, choice, StreamValues(stream: stream), suppressEnvoyHeaders: config.suppressEnvoyHeaders,
      scratch: &worker.scratch)
    retry.begin(route.retryPolicy, headers, overrides: isInternal)
    if isInternal { RetryHeaders.remove(from: headers) }
    keepsBody = retry.isEnabled
  }

  /// `auto_host_rewrite`: the upstream host is asked for under its own name.
  func rewriteHost(_ headers: HeaderMap, _ route: RouteEntry, _ host: Host) {
    if host.hostname.isEmpty { return }
    withBytes(host.hostname) {
      route.rewriteHost(headers, to: $0, suppressEnvoyHeaders: config.suppressEnvoyHeaders)
    }
  }

  /// Tells the upstream how long it has.
  func setExpectedTimeout(_ headers: HeaderMap, spent: Int64) {
    guard let milliseconds = timeouts.expectedMilliseconds(spent: spent) else { return }
    if !config.suppressEnvoyHeaders { headers.set(.xEnvoyExpectedRequestTimeout, decimal: milliseconds) }
    if timeouts.tellsGrpc { GrpcTimeout.write(milliseconds: Int64(milliseconds), to: headers) }
  }

  override func decodeRequestData(_ data: inout ByteView, endStream: Bool) -> FilterStatus {
    if answered || route == nil { return .stopIteration }
    if endStream { requestEnded = true }
    if attemptInFlight, !waitsForUpgrade, let encoder = upstream.unretained?.use({ $0.encoder }) {
      if keepsBody { keep(data) }
      stream.info.lastUpstreamByteSent = now
      if endStream { requestCompleted() }
      encoder.use { $0.encodeData(data, endStream: endStream) }
    } else {
      keep(data)
      if endStream { requestCompleted() }
    }
    return .stopIteration
  }

  override func decodeRequestTrailers(_ trailers: HeaderMap) -> FilterStatus {
    if answered || route == nil { return .stopIteration }
    requestEnded = true
    let copy = headerMaps.take()
    copy.copy(from: trailers)
    bodyTrailers = copy
    requestCompleted()
    if attemptInFlight, !waitsForUpgrade, let encoder = upstream?.encoder { encoder.use { $0.encodeTrailers(copy) } }
    return .stopIteration
  }

  /// Keeps a part of the body. More than the limit is not kept for another try; while there is no stream to send it on,
  /// the client is held back instead.
  func keep(_ data: ByteView) {
    body.append(data)
    guard body.count > bufferLimit else { return }
    if keepsBody {
      keepsBody = false
      if let cluster = cluster?.object { shard.increment(cluster.info.stats[.retryOrShadowAbandoned]) }
      breaker?.use { retry.end($0) }
    }
    if upstream?.encoder == nil || waitsForUpgrade {
      pauseDownstream()
    } else {
      body.removeAll()
    }
  }

  /// Whether the request's bytes wait until the upstream has agreed to what they belong to.
  var waitsForUpgrade: Bool {
    switch stream.upgrade {
    case nil, .other: false
    case .webSocket, .connect: !responseStarted
    }
  }

  /// The upstream has answered a request for another protocol: what waited for that is sent, if it has agreed.
  func upgradeAnswered() {
    guard stream.isTunnel, let encoder = upstream?.encoder else { return body.removeAll() }
    let ends = requestEnded && bodyTrailers == nil
    if !body.isEmpty || ends { encoder.use { $0.encodeData(body.view, endStream: ends) } }
    if let bodyTrailers { encoder.use { $0.encodeTrailers(bodyTrailers) } }
    body.removeAll()
    resumeDownstream()
  }

  var bufferLimit: Int { route?.use { $0.requestBufferLimit } ?? stream.manager.info.bufferLimit }

  func pauseDownstream() {
    if pausedDownstream { return }
    pausedDownstream = true
    stream.readDisable(true)
  }

  func resumeDownstream() {
    if !pausedDownstream { return }
    pausedDownstream = false
    stream.readDisable(false)
  }

  func requestCompleted() {
    requestCompletedAt = now
    if timeouts.global > 0 { timeoutTimer.arm(loop, self, id: TimerID.timeout, after: timeouts.global) }
    if attemptInFlight { upstream.unretained?.use { if $0.encoder != nil { armPerTry($0) } } }
  }

  func armPerTry(_ attempt: UpstreamRequest) {
    if timeouts.perTry > 0 || timeouts.perTryIdle > 0 {
      attempt.armPerTry(timeouts.perTry, idle: timeouts.perTryIdle)
    }
  }

  // MARK: Attempts

  func startAttempt(_ cluster: WorkerCluster, _ host: Int, _ route: RouteEntry) {
    attemptInFlight = true
    if upstream == nil { upstream = UpstreamRequest(self, worker: worker) }
    stream.info.upstreamLocalAddress = nil
    pool(cluster, host, route).use { pool in
      stream.info.upstreamHost = pool.host
      upstream.unretained?.use { $0.start(pool) }
    }
  }

  private func pool(_ cluster: WorkerCluster, _ host: Int, _ route: RouteEntry) -> Unretained<ConnectionPool> {
    if stream.upgrade == .connect, route.endsTunnels { return cluster.tunnelPool(at: host, priority: route.priority) }
    guard cluster.info.hasAutoSNI, let headers = stream.requestHeaders else {
      return cluster.pool(at: host, priority: route.priority, downstream: downstreamProtocol)
    }
    let options = UpstreamTransportOptions(cluster.info.config.upstreamHttpProtocolOptions, headers)
    return cluster.pool(at: host, priority: route.priority, downstream: downstreamProtocol, options)
  }

  private var downstreamProtocol: HTTPProtocol { stream.connection.use { $0.isHTTP2 } ? .http2 : .http11 }

  /// The attempt has its stream: sends what there is of the request.
  func upstreamReady(_ attempt: UpstreamRequest, _ encoder: StreamEncoder, _ client: PoolClient) {
    guard let headers = stream.requestHeaders.unretained else { return }
    report(.localOriginConnectSuccess, attempt.host)
    stream.info.firstUpstreamByteSent = now
    stream.info.upstreamLocalAddress = client.localAddress
    stream.info.upstreamTLS = client.tls
    stream.info.upstreamProtocol = client.isTunnel ? nil : client.httpProtocol
    stream.info.upstreamTransportFailure = .none
    let onlyHead = requestEnded && body.isEmpty && bodyTrailers == nil
    if holdsResponse { encoder.readDisable(true) }
    headers.use { encoder.encodeHeaders($0, endStream: onlyHead && !waitsForUpgrade) }
    if waitsForUpgrade { return }
    if !body.isEmpty { encoder.encodeData(body.view, endStream: requestEnded && bodyTrailers == nil) }
    if let bodyTrailers { encoder.encodeTrailers(bodyTrailers) }
    if requestEnded { stream.info.lastUpstreamByteSent = now }
    if !keepsBody { body.removeAll() }
    resumeDownstream()
    if requestEnded && attemptInFlight { armPerTry(attempt) }
  }

  /// The upstream connection holds more of the request than its limit, or no longer does.
  func upstreamBackedUp(_ isBackedUp: Bool) {
    if isBackedUp == backedUp { return }
    backedUp = isBackedUp
    stream.readDisable(isBackedUp)
  }

  override func onAboveWriteBufferHighWatermark() { holdResponse(true) }

  override func onBelowWriteBufferLowWatermark() { holdResponse(false) }

  /// The client's side asks to hold the response back, or to go on; an attempt that begins later learns it then.
  private func holdResponse(_ holds: Bool) {
    if holds == holdsResponse { return }
    holdsResponse = holds
    upstream?.encoder?.use { $0.readDisable(holds) }
  }

  // MARK: Times

  override func timerFired(_ id: UInt8) {
    if id == TimerID.backOff { tryAgain() } else { timedOut() }
  }

  // MARK: The end

  /// The host outlives the attempt, whose pool has it.
  func report(_ result: OutlierResult, _ host: Unretained<Host>?) {
    host?.use { host in
      guard let reached = host.monitor.unretained?.use({ $0.put(result) }), !reached.isEmpty,
        let cluster = cluster?.object
      else { return }
      worker.reportOutlier(cluster.info, host, reached)
    }
  }

  override func dismantle() { upstream = nil }

  override func onDestroy() {
    timeoutTimer.disarm()
    backOffTimer.disarm()
    if attemptInFlight {
      attemptInFlight = false
      upstream?.cancel()
    }
    breaker?.use { retry.end($0) }
    body.removeAll()
    if let bodyTrailers { headerMaps.giveBack(bodyTrailers) }
    bodyTrailers = nil
    cluster = nil
    route = nil
    choice = nil
    breaker = nil
    requestEnded = false
    responseStarted = false
    isGrpc = false
    defersSuccess = false
    answered = false
    backedUp = false
    holdsResponse = false
    keepsBody = false
    pausedDownstream = false
    requestCompletedAt = 0
    timeouts = RouteTimeouts()
  }
}
