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
  private enum TimerID {
    static let timeout: UInt8 = 0
    static let backOff: UInt8 = 1
  }

  private let config: RouterInfo
  private var upstream: UpstreamRequest?
  private var attemptInFlight = false
  // Not retained: the worker has its clusters, and its snapshot the routes, for longer than any stream lives.
  private unowned(unsafe) var cluster: WorkerCluster?
  private unowned(unsafe) var route: RouteEntry?
  private var choice: ClusterChoice?
  private var retry = RetryState()
  private unowned(unsafe) var breaker: CircuitBreaker?
  private var requestEnded = false
  private var responseStarted = false
  private var answered = false
  private var backedUp = false
  /// What of the body waits for the upstream, or is kept for another try.
  private var body: ByteQueue
  private var bodyTrailers: HeaderMap?
  /// The body is kept whole, for another try.
  private var keepsBody = false
  private var pausedDownstream = false
  /// The try that the back-off leads to follows one that took too long.
  private var retriesTimeout = false
  private var timeoutTimer = Timer()
  private var backOffTimer = Timer()
  private var requestCompletedAt: Int64 = 0
  private var timeouts = RouteTimeouts()

  init(_ stream: ActiveStream, _ config: RouterInfo) {
    self.config = config
    worker = stream.worker
    body = ByteQueue(pool: stream.worker.loop.pool)
    super.init(stream)
  }

  private let worker: Worker
  private var now: Int64 { worker.loop.now }

  // MARK: The request

  override func decodeRequestHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus {
    shard.increment(config.stats[.rqTotal])
    guard let route = stream.info.route else {
      shard.increment(config.stats[.noRoute])
      reply(404, detail: "route_not_found", flag: .noRouteFound)
      return .stopIteration
    }
    self.route = route
    if answerDirectly(route, headers) { return .stopIteration }
    let choice = route.chooseCluster(headers, randomValue: stream.info.randomValue) {
      worker.snapshot.clusterIndex(named: $0)
    }
    guard let index = choice.cluster else {
      shard.increment(config.stats[.noCluster])
      reply(route.clusterNotFoundStatus, detail: "cluster_not_found", flag: .noClusterFound)
      return .stopIteration
    }
    let cluster = worker.clusters[index]
    self.choice = choice
    self.cluster = cluster
    stream.info.upstreamCluster = cluster.info
    stream.info.attemptCount = 1
    breaker = cluster.info.circuitBreaker(route.priority)
    guard let host = chooseHost(cluster) else { return .stopIteration }
    prepare(headers, route, choice, cluster.hostSet.candidates[host])
    requestEnded = endStream
    if endStream { requestCompleted() }
    startAttempt(cluster, host)
    return .stopIteration
  }

  private func chooseHost(_ cluster: WorkerCluster) -> Int? {
    if let host = cluster.chooseHost() { return host }
    shard.increment(cluster.info.stats[.upstreamCxNoneHealthy])
    reply(503, body: "no healthy upstream", detail: "no_healthy_upstream", flag: .noHealthyUpstream)
    return nil
  }

  /// Timeouts, the retry state, and what the route changes about the request's head.
  private func prepare(_ headers: HeaderMap, _ route: RouteEntry, _ choice: ClusterChoice, _ host: Host) {
    let isInternal = stream.info.isInternal
    timeouts = RouteTimeouts(route, headers, isInternal: isInternal)
    setExpectedTimeout(headers, spent: 0)
    if route.includesAttemptCountInRequest { headers.set(.xEnvoyAttemptCount, "1") }
    route.finalizeRequestHeaders(
      headers, choice, StreamValues(stream: stream), suppressEnvoyHeaders: config.suppressEnvoyHeaders,
      scratch: &worker.scratch)
    if route.hasAutoHostRewrite { rewriteHost(headers, route, host) }
    retry.begin(route.retryPolicy, headers, overrides: isInternal)
    if isInternal { RetryHeaders.remove(from: headers) }
    keepsBody = retry.isEnabled
  }

  /// `auto_host_rewrite`: the upstream host is asked for under its own name.
  private func rewriteHost(_ headers: HeaderMap, _ route: RouteEntry, _ host: Host) {
    var name = host.hostname
    if name.isEmpty { return }
    name.withUTF8 {
      route.rewriteHost(
        headers, to: ByteView(UnsafeRawBufferPointer($0)), suppressEnvoyHeaders: config.suppressEnvoyHeaders)
    }
  }

  /// Tells the upstream how long it has.
  private func setExpectedTimeout(_ headers: HeaderMap, spent: Int64) {
    if config.suppressEnvoyHeaders { return }
    if let milliseconds = timeouts.expectedMilliseconds(spent: spent) {
      headers.set(.xEnvoyExpectedRequestTimeout, decimal: milliseconds)
    }
  }

  override func decodeRequestData(_ data: ByteView, endStream: Bool) -> FilterStatus {
    if answered || route == nil { return .stopIteration }
    if endStream { requestEnded = true }
    if attemptInFlight, let encoder = upstream?.encoder {
      if keepsBody { keep(data) }
      stream.info.lastUpstreamByteSent = now
      if endStream { requestCompleted() }
      encoder.encodeData(data, endStream: endStream)
    } else {
      keep(data)
      if endStream { requestCompleted() }
    }
    return .stopIteration
  }

  override func decodeRequestTrailers(_ trailers: HeaderMap) -> FilterStatus {
    if answered || route == nil { return .stopIteration }
    requestEnded = true
    let copy = worker.headerMaps.take()
    copy.copy(from: trailers)
    bodyTrailers = copy
    requestCompleted()
    if attemptInFlight, let encoder = upstream?.encoder { encoder.encodeTrailers(copy) }
    return .stopIteration
  }

  /// Keeps a part of the body. More than the limit is not kept for another try; while there is no stream to send it on,
  /// the client is held back instead.
  private func keep(_ data: ByteView) {
    body.append(data)
    guard body.count > bufferLimit else { return }
    if keepsBody {
      keepsBody = false
      if let cluster { shard.increment(cluster.info.stats[.retryOrShadowAbandoned]) }
      if let breaker { retry.end(breaker) }
    }
    if upstream?.encoder == nil {
      pauseDownstream()
    } else {
      body.removeAll()
    }
  }

  private var bufferLimit: Int { route?.requestBufferLimit ?? stream.manager.info.bufferLimit }

  private func pauseDownstream() {
    if pausedDownstream { return }
    pausedDownstream = true
    stream.readDisable(true)
  }

  private func resumeDownstream() {
    if !pausedDownstream { return }
    pausedDownstream = false
    stream.readDisable(false)
  }

  private func requestCompleted() {
    requestCompletedAt = now
    if timeouts.global > 0 { timeoutTimer.arm(worker.loop, self, id: TimerID.timeout, after: timeouts.global) }
    if attemptInFlight, upstream?.encoder != nil { armPerTry() }
  }

  private func armPerTry() {
    guard let policy = route?.retryPolicy else { return }
    upstream?.armPerTry(timeouts.perTry, idle: policy.perTryIdleTimeoutNanoseconds)
  }

  // MARK: Attempts

  private func startAttempt(_ cluster: WorkerCluster, _ host: Int) {
    let pool = cluster.pool(at: host, priority: route?.priority ?? .default)
    stream.info.upstreamLocalAddress = nil
    attemptInFlight = true
    if upstream == nil { upstream = UpstreamRequest(self, worker: worker) }
    upstream?.start(pool)
  }

  /// The attempt has its stream: sends what there is of the request.
  func upstreamReady(_ attempt: UpstreamRequest, _ encoder: StreamEncoder, _ client: PoolClient) {
    guard let headers = stream.requestHeaders else { return }
    stream.info.upstreamHost = attempt.host
    if let cluster, let host = attempt.host { report(.localOriginConnectSuccess, host, cluster) }
    stream.info.firstUpstreamByteSent = now
    stream.info.upstreamLocalAddress = client.localAddress
    let onlyHead = requestEnded && body.isEmpty && bodyTrailers == nil
    encoder.encodeHeaders(headers, endStream: onlyHead)
    if !body.isEmpty { encoder.encodeData(body.view, endStream: requestEnded && bodyTrailers == nil) }
    if let bodyTrailers { encoder.encodeTrailers(bodyTrailers) }
    if requestEnded { stream.info.lastUpstreamByteSent = now }
    if !keepsBody { body.removeAll() }
    resumeDownstream()
    if requestEnded && attemptInFlight { armPerTry() }
  }

  /// The upstream connection holds more of the request than its limit, or no longer does.
  func upstreamBackedUp(_ isBackedUp: Bool) {
    if isBackedUp == backedUp { return }
    backedUp = isBackedUp
    stream.readDisable(isBackedUp)
  }

  // MARK: The response

  func upstreamInformational(_ headers: HeaderMap, isFirst: Bool) {
    // As Envoy: whatever interim responses come, one is counted, as 100.
    if isFirst, let cluster { count(100, of: cluster) }
    if stream.manager.info.proxies100Continue, headers.value(of: .status).map({ $0 == "100" }) ?? false {
      stream.encodeInformational(headers)
    } else {
      worker.headerMaps.giveBack(headers)
    }
  }

  func upstreamHeaders(_ attempt: UpstreamRequest, _ headers: HeaderMap, endStream: Bool) {
    guard let cluster, let route else { return worker.headerMaps.giveBack(headers) }
    let status = UInt16(clamping: headers.value(of: .status)?.decimal ?? 0)
    if endStream { attemptEnded() }
    if let host = attempt.host {
      report(.response(status: status), host, cluster)
      shard.increment(host.stats[status < 500 ? .rqSuccess : .rqError])
    }
    stream.info.firstUpstreamByteReceived = now
    if !retry.letsPass(status: status), retriedResponse(headers, route, cluster) {
      cluster.countRetried(status, shard)
      worker.headerMaps.giveBack(headers)
      return
    }
    passOn(headers, status, route, cluster, endStream: endStream)
  }

  private func retriedResponse(_ headers: HeaderMap, _ route: RouteEntry, _ cluster: WorkerCluster) -> Bool {
    guard let breaker else { return false }
    let decision = retry.shouldRetry(
      onResponse: headers, route.retryPolicy, breaker, wallNanoseconds: worker.loop.wallNow,
      random: &worker.loop.random)
    return retried(decision, cluster)
  }

  private func passOn(
    _ headers: HeaderMap, _ status: UInt16, _ route: RouteEntry, _ cluster: WorkerCluster, endStream: Bool
  ) {
    guard stream.takeResponse(headers, status: status) else { return }
    responseStarted = true
    stream.info.detail = .literal("via_upstream")
    if !config.suppressEnvoyHeaders {
      headers.set(.xEnvoyUpstreamServiceTime, decimal: Int(serviceMilliseconds))
    }
    if route.includesAttemptCountInResponse {
      headers.set(.xEnvoyAttemptCount, decimal: stream.info.attemptCount)
    }
    route.finalizeResponseHeaders(headers, choice, StreamValues(stream: stream), scratch: &worker.scratch)
    count(status, of: cluster)
    if endStream { responseEnded() }
    stream.encodeHeaders(endStream: endStream)
  }

  private var serviceMilliseconds: Int64 {
    requestCompletedAt == 0 ? 0 : max(0, now - requestCompletedAt) / 1_000_000
  }

  func upstreamData(_ attempt: UpstreamRequest, _ data: ByteView, endStream: Bool) {
    guard responseStarted else { return }
    if endStream { responseEnded() }
    stream.encodeData(data, endStream: endStream)
  }

  func upstreamTrailers(_ attempt: UpstreamRequest, _ trailers: HeaderMap) {
    guard responseStarted else { return worker.headerMaps.giveBack(trailers) }
    responseEnded()
    stream.encodeTrailers(trailers)
  }

  /// Counts a response of the cluster's by its code, unless `dynamic_stats` is off.
  private func count(_ status: UInt16, of cluster: WorkerCluster) {
    if config.dynamicStats { cluster.count(status, isInternal: stream.info.isInternal, shard) }
  }

  private func responseEnded() {
    attemptEnded()
    answered = true
    timeoutTimer.disarm()
    stream.info.lastUpstreamByteReceived = now
    guard config.dynamicStats, let cluster, stream.info.responseCode != 408 else { return }
    if requestCompletedAt > 0 {
      cluster.record(
        milliseconds: UInt64(serviceMilliseconds), isInternal: stream.info.isInternal, shard)
    }
  }

  override func onAboveWriteBufferHighWatermark() { upstream?.encoder?.readDisable(true) }

  override func onBelowWriteBufferLowWatermark() { upstream?.encoder?.readDisable(false) }

  // MARK: Failures

  /// The attempt has no stream, or lost it.
  func upstreamFailed(_ attempt: UpstreamRequest, _ reason: StreamReset, transportFailure: Int32) {
    guard let cluster, let breaker else { return }
    attemptEnded()
    if attempt.host != nil { stream.info.upstreamHost = attempt.host }
    stream.info.upstreamTransportFailure = transportFailure
    if let result = OutlierResult(reason) { report(result, attempt.host) }
    if reason != .overflow, let host = attempt.host { shard.increment(host.stats[.rqError]) }
    if responseStarted { return responseCut(reason) }
    let started = attempt.responseStarted || stream.info.firstUpstreamByteSent != 0
    let decision = retry.shouldRetry(
      onReset: reason, requestStarted: started, breaker, random: &worker.loop.random)
    if retried(decision, cluster) { return }
    failed(reason, transportFailure, afterInterim: attempt.hadInterim)
  }

  /// The upstream went away in the middle of its response: so does ours.
  private func responseCut(_ reason: StreamReset) {
    stream.info.responseFlags.insert(ResponseFlag(reason))
    stream.info.detail = .resetAfterResponse(reason)
    stream.resetStream(.localReset)
  }

  /// As Envoy: an interim response makes the response one that has begun, in the details and in the counters.
  private func failed(_ reason: StreamReset, _ transportFailure: Int32, afterInterim: Bool) {
    guard let cluster else { return }
    let status: UInt16 = reason == .protocolError ? 502 : 503
    stream.info.responseFlags.insert(ResponseFlag(reason))
    if !afterInterim { count(status, of: cluster) }
    // A text of its own, since answering makes use of the worker's.
    var text = TextBuffer(capacity: 160)
    text.append("upstream connect error or disconnect/reset before headers. ")
    text.append(stream.info.attemptCount > 1 ? "retried and the latest reset reason: " : "reset reason: ")
    text.append(reason.text)
    var reply = LocalReply(
      status: status, body: text.view,
      detail: afterInterim
        ? .resetAfterResponse(reason) : .resetBeforeResponse(reason, transportFailure: transportFailure))
    if reason == .overflow { reply.addHeaders = { $0.set(.xEnvoyOverloaded, "true") } }
    answer(reply)
  }

  // MARK: Retries

  /// Counts what was decided, and starts the back-off. Returns whether there will be another attempt.
  private func retried(_ decision: RetryState.Decision, _ cluster: WorkerCluster) -> Bool {
    let stats = cluster.info.stats
    switch decision {
    case .retry(let delay, let backOff):
      if attemptInFlight { cancelAttempt() }
      retriesTimeout = false
      shard.increment(stats[.upstreamRqRetry])
      shard.increment(
        stats[backOff == .exponential ? .upstreamRqRetryBackoffExponential : .upstreamRqRetryBackoffRatelimited])
      backOffTimer.arm(worker.loop, self, id: TimerID.backOff, after: delay)
      return true
    case .no(.limitExceeded):
      shard.increment(stats[.upstreamRqRetryLimitExceeded])
      stream.info.responseFlags.insert(.upstreamRetryLimitExceeded)
    case .no(.overflow):
      shard.increment(stats[.upstreamRqRetryOverflow])
      stream.info.responseFlags.insert(.upstreamOverflow)
    case .no(.retrySucceeded): shard.increment(stats[.upstreamRqRetrySuccess])
    case .no(.notRetriable): break
    }
    return false
  }

  private func tryAgain() {
    guard let cluster, let route, let headers = stream.requestHeaders else { return }
    guard let host = chooseHost(cluster) else { return }
    stream.info.attemptCount += 1
    if route.includesAttemptCountInRequest { headers.set(.xEnvoyAttemptCount, decimal: stream.info.attemptCount) }
    if route.includesIsTimeoutRetryHeader { headers.set(.xEnvoyIsTimeoutRetry, retriesTimeout ? "true" : "false") }
    setExpectedTimeout(headers, spent: requestCompletedAt == 0 ? 0 : now - requestCompletedAt)
    startAttempt(cluster, host)
  }

  private func attemptEnded() {
    attemptInFlight = false
    if backedUp { upstreamBackedUp(false) }
  }

  private func cancelAttempt() {
    attemptEnded()
    upstream?.cancel()
  }

  // MARK: Times

  override func timerFired(_ id: UInt8) {
    if id == TimerID.backOff { tryAgain() } else { timedOut() }
  }

  /// The route's timeout.
  private func timedOut() {
    guard let cluster else { return }
    shard.increment(cluster.info.stats[.upstreamRqTimeout])
    let waited = attemptInFlight
    if waited, let host = upstream?.host { shard.increment(host.stats[.rqTimeout]) }
    if waited, !responseStarted { report(.localOriginTimeout, upstream?.host) }
    giveUp(detail: "response_timeout", cluster)
  }

  func perTryTimeout(_ attempt: UpstreamRequest) {
    guard let cluster, let breaker else { return }
    shard.increment(cluster.info.stats[.upstreamRqPerTryTimeout])
    if let host = attempt.host { shard.increment(host.stats[.rqTimeout]) }
    report(.localOriginTimeout, attempt.host)
    if retriedTimeout(cluster, breaker) { return }
    giveUp(detail: "upstream_per_try_timeout", cluster)
  }

  func perTryIdleTimeout(_ attempt: UpstreamRequest) {
    guard let cluster, let breaker else { return }
    shard.increment(cluster.info.stats[.upstreamRqPerTryIdleTimeout])
    report(.localOriginTimeout, attempt.host)
    if !responseStarted, retriedTimeout(cluster, breaker) { return }
    giveUp(detail: "upstream_per_try_idle_timeout", cluster)
  }

  private func retriedTimeout(_ cluster: WorkerCluster, _ breaker: CircuitBreaker) -> Bool {
    let decision = retry.shouldRetry(onPerTryTimeout: breaker, random: &worker.loop.random)
    guard retried(decision, cluster) else { return false }
    retriesTimeout = true
    return true
  }

  private func giveUp(detail: StaticString, _ cluster: WorkerCluster) {
    if attemptInFlight { cancelAttempt() }
    stream.info.responseFlags.insert(.upstreamRequestTimeout)
    if responseStarted {
      stream.info.detail = .literal(detail)
      return stream.resetStream(.localReset)
    }
    count(504, of: cluster)
    answer(LocalReply(status: 504, body: ByteView("upstream request timeout"), detail: .literal(detail)))
  }

  // MARK: Answers of our own

  private func reply(_ status: UInt16, body: StaticString = "", detail: StaticString, flag: ResponseFlag) {
    if let cluster { count(status, of: cluster) }
    answer(LocalReply(status: status, body: ByteView(body), detail: .literal(detail), flag: flag))
  }

  private func answer(_ reply: LocalReply) {
    answered = true
    timeoutTimer.disarm()
    backOffTimer.disarm()
    guard let route else { return stream.sendLocalReply(reply) }
    var reply = reply
    let add = reply.addHeaders
    reply.addHeaders = { [self] headers in
      add?(headers)
      route.finalizeResponseHeaders(headers, choice, StreamValues(stream: stream), scratch: &worker.scratch)
      if route.includesAttemptCountInResponse, stream.info.attemptCount > 0 {
        headers.set(.xEnvoyAttemptCount, decimal: stream.info.attemptCount)
      }
    }
    stream.sendLocalReply(reply)
  }

  /// A redirect, or a direct response.
  private func answerDirectly(_ route: RouteEntry, _ headers: HeaderMap) -> Bool {
    guard let status = route.directResponseStatus else { return false }
    shard.increment(config.stats[.rqDirectResponse])
    answered = true
    let hasLocation = route.appendLocation(
      headers, suppressEnvoyHeaders: config.suppressEnvoyHeaders, to: &worker.text, scratch: &worker.scratch)
    let location = hasLocation ? worker.headerMaps.take() : nil
    location?.set(.location, worker.text.view)
    worker.text.removeAll()
    defer { if let location { worker.headerMaps.giveBack(location) } }
    stream.sendLocalReply(
      LocalReply(
        status: status, body: route.directResponseBody, detail: .literal("direct_response"),
        addHeaders: { [self] reply in
          if let value = location?.value(of: .location) { reply.add(.location, value) }
          route.finalizeResponseHeaders(reply, nil, StreamValues(stream: stream), scratch: &worker.scratch)
        }))
    return true
  }

  // MARK: The end

  private func report(_ result: OutlierResult, _ host: Host?) {
    if let host, let cluster { report(result, host, cluster) }
  }

  private func report(_ result: OutlierResult, _ host: Host, _ cluster: WorkerCluster) {
    guard let monitor = host.monitor else { return }
    let reached = monitor.put(result)
    if !reached.isEmpty { worker.reportOutlier(cluster.info, host, reached) }
  }

  override func dismantle() { upstream = nil }

  override func onDestroy() {
    timeoutTimer.disarm()
    backOffTimer.disarm()
    if attemptInFlight {
      attemptInFlight = false
      upstream?.cancel()
    }
    if let breaker { retry.end(breaker) }
    body.removeAll()
    if let bodyTrailers { worker.headerMaps.giveBack(bodyTrailers) }
    bodyTrailers = nil
    cluster = nil
    route = nil
    choice = nil
    breaker = nil
    requestEnded = false
    responseStarted = false
    answered = false
    backedUp = false
    keepsBody = false
    pausedDownstream = false
    requestCompletedAt = 0
    timeouts = RouteTimeouts()
  }
}
