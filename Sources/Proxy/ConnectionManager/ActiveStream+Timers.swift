import Reactor

/// What happens to a stream that takes too long.
extension ActiveStream {
  func armIdleTimer() {
    idleTimer.disarm()
    if idleTimeout > 0 { idleTimer.arm(loop, self, id: TimerID.idle, after: idleTimeout) }
  }

  /// From here on it is the codec that waits for the client to take what it is sent.
  func disarmIdleTimer() { idleTimer.disarm() }

  /// The route has a max_stream_duration of its own, counted from the stream's start; 0: none.
  func overrideMaxDuration(_ nanoseconds: Int64) {
    maxDurationTimer.disarm()
    if nanoseconds > 0 { endAfter(nanoseconds) }
  }

  /// The stream ends so many nanoseconds after its start, be it at once.
  func endAfter(_ nanoseconds: Int64) {
    maxDurationTimer.disarm()
    let spent = loop.now - info.startTime
    maxDurationTimer.arm(loop, self, id: TimerID.maxDuration, after: max(0, nanoseconds - spent))
  }

  func idleTimerFired() {
    let idle = loop.now - lastActivity
    if idle < idleTimeout {
      idleTimer.arm(loop, self, id: TimerID.idle, after: idleTimeout - idle)
      return
    }
    shard.increment(config.stats[.downstreamRqIdleTimeout])
    info.responseFlags.insert(.streamIdleTimeout)
    giveUp(
      requestEnded ? 504 : 408, body: "stream timeout", detail: "stream_idle_timeout")
  }

  func maxDurationReached() {
    shard.increment(config.stats[.downstreamRqMaxDurationReached])
    giveUp(
      504, body: "downstream duration timeout", detail: "max_duration_timeout", grpcStatus: GrpcCode.deadlineExceeded)
  }

  func requestTimedOut() {
    shard.increment(config.stats[.downstreamRqTimeout])
    giveUp(408, body: "request timeout", detail: "request_overall_timeout")
  }

  /// The head of the request took too long.
  func requestHeadersTimedOut() {
    shard.increment(config.stats[.downstreamRqHeaderTimeout])
    giveUp(408, body: "request header timeout", detail: "request_header_timeout")
  }

  /// Answers, or, where the answer has begun, cuts it off.
  private func giveUp(_ status: UInt16, body: StaticString, detail: StaticString, grpcStatus: Int? = nil) {
    if responseStarted {
      info.detail = .literal(detail)
      resetStream(.localReset)
    } else {
      sendLocalReply(
        LocalReply(status: status, body: ByteView(body), detail: .literal(detail), grpcStatus: grpcStatus))
    }
  }
}
