import HTTP
import Reactor
import Telemetry

/// Upstreams that cannot be reached, go away or take too long.
extension RouterFilter {
  /// The attempt has no stream, or lost it.
  func upstreamFailed(_ attempt: UpstreamRequest, _ reason: StreamReset, transportFailure: TransportFailure) {
    guard let cluster = cluster?.object, let breaker = breaker?.object else { return }
    attemptEnded()
    stream.info.upstreamHost = attempt.host?.object
    stream.info.upstreamTransportFailure = transportFailure
    if let result = OutlierResult(reason) { report(result, attempt.host) }
    if responseStarted {
      if defersSuccess {
        countDeferred(nil, attempt)
        shard.increment(config.stats[.rqResetAfterDownstreamResponseStarted])
      }
      if stream.responseStarted { return responseCut(reason) }
      // A filter holds its head back.
      return failed(reason, transportFailure, afterInterim: true)
    }
    if reason != .overflow, let host = attempt.host?.object { shard.increment(host.stats[.rqError]) }
    let started = attempt.responseStarted || stream.info.firstUpstreamByteSent != 0
    let decision = retry.shouldRetry(
      onReset: reason, requestStarted: started, breaker, random: &worker.loop.random)
    if retried(decision, cluster) { return }
    failed(reason, transportFailure, afterInterim: attempt.hadInterim)
  }

  /// The upstream went away in the middle of its response: so does ours.
  func responseCut(_ reason: StreamReset) {
    stream.info.responseFlags.insert(ResponseFlag(reason))
    stream.info.detail = .resetAfterResponse(reason)
    stream.resetStream(stream.upgrade != nil && reason == .connectionTermination ? .connectError : .localReset)
  }

  /// As Envoy: an interim response, or one that a filter holds back, makes the response one that has begun, in the
  /// details and in the counters.
  func failed(_ reason: StreamReset, _ transportFailure: TransportFailure, afterInterim: Bool) {
    guard let cluster = cluster?.object else { return }
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

  /// The route's timeout.
  func timedOut() {
    guard let cluster = cluster?.object else { return }
    shard.increment(cluster.info.stats[.upstreamRqTimeout])
    let waited = attemptInFlight
    if waited, let host = upstream?.host?.object { shard.increment(host.stats[.rqTimeout]) }
    if waited, !responseStarted { report(.localOriginTimeout, upstream?.host) }
    giveUp(detail: "response_timeout", cluster)
  }

  func perTryTimeout(_ attempt: UpstreamRequest) {
    guard let cluster = cluster?.object, let breaker = breaker?.object else { return }
    shard.increment(cluster.info.stats[.upstreamRqPerTryTimeout])
    if let host = attempt.host?.object { shard.increment(host.stats[.rqTimeout]) }
    report(.localOriginTimeout, attempt.host)
    if retriedTimeout(cluster, breaker) { return }
    giveUp(detail: "upstream_per_try_timeout", cluster)
  }

  func perTryIdleTimeout(_ attempt: UpstreamRequest) {
    guard let cluster = cluster?.object, let breaker = breaker?.object else { return }
    shard.increment(cluster.info.stats[.upstreamRqPerTryIdleTimeout])
    report(.localOriginTimeout, attempt.host)
    if !responseStarted, retriedTimeout(cluster, breaker) { return }
    giveUp(detail: "upstream_per_try_idle_timeout", cluster)
  }

  func giveUp(detail: StaticString, _ cluster: WorkerCluster) {
    if attemptInFlight { cancelAttempt() }
    stream.info.responseFlags.insert(.upstreamRequestTimeout)
    if stream.responseStarted {
      stream.info.detail = .literal(detail)
      return stream.resetStream(.localReset)
    }
    if !responseStarted { count(504, of: cluster) }
    answer(LocalReply(status: 504, body: ByteView("upstream request timeout"), detail: .literal(detail)))
  }
}
