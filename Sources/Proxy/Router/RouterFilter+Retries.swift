import HTTP
import Reactor
import Telemetry

/// Another try, and what is counted about it.
extension RouterFilter {
  func retriedResponse(_ headers: HeaderMap, _ route: RouteEntry, _ cluster: WorkerCluster) -> Bool {
    guard let breaker = breaker?.object else { return false }
    let decision = retry.shouldRetry(
      onResponse: headers, route.retryPolicy, breaker, wallNanoseconds: loop.wallNow,
      random: &loop.random)
    return retried(decision, cluster)
  }

  func retriedTimeout(_ cluster: WorkerCluster, _ breaker: CircuitBreaker) -> Bool {
    let decision = retry.shouldRetry(onPerTryTimeout: breaker, random: &loop.random)
    guard retried(decision, cluster) else { return false }
    retriesTimeout = true
    return true
  }

  /// Counts what was decided, and starts the back-off. Returns whether there will be another attempt.
  func retried(_ decision: RetryState.Decision, _ cluster: WorkerCluster) -> Bool {
    let stats = cluster.info.stats
    switch decision {
    case .retry(let delay, let backOff):
      if attemptInFlight { cancelAttempt() }
      retriesTimeout = false
      shard.increment(stats[.upstreamRqRetry])
      shard.increment(
        stats[backOff == .exponential ? .upstreamRqRetryBackoffExponential : .upstreamRqRetryBackoffRatelimited])
      backOffTimer.arm(loop, self, id: TimerID.backOff, after: delay)
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

  func tryAgain() {
    guard let cluster = cluster?.object, let route = route?.object, let headers = stream.requestHeaders else { return }
    guard let host = chooseHost(cluster) else { return }
    stream.info.attemptCount += 1
    if route.includesAttemptCountInRequest { headers.set(.xEnvoyAttemptCount, decimal: stream.info.attemptCount) }
    if route.includesIsTimeoutRetryHeader { headers.set(.xEnvoyIsTimeoutRetry, retriesTimeout ? "true" : "false") }
    setExpectedTimeout(headers, spent: requestCompletedAt == 0 ? 0 : now - requestCompletedAt)
    startAttempt(cluster, host, route)
  }

  func attemptEnded() {
    attemptInFlight = false
    if backedUp { upstreamBackedUp(false) }
  }

  func cancelAttempt() {
    attemptEnded()
    upstream?.cancel()
  }
}
