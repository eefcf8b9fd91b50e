import CNghttp2
import Reactor

/// What is done when time has passed: PINGs, and the end of streams whose peers do not read.
extension HTTP2Session {
  func ping() {
    if isClosed || keepAlive.isWaiting { return }
    keepAlive.isWaiting = true
    nghttp2_submit_ping(handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
    flush()
    pingTimeoutTimer.arm(loop, self, id: TimerID.pingTimeout, after: keepAlive.timeout)
  }

  /// A stream begins: after a long silence it is asked first whether the peer is there at all.
  func pingIfIdle() { if keepAlive.isStale(at: loop.now) { ping() } }

  func pingAnswered() {
    if !keepAlive.isWaiting { return }
    keepAlive.isWaiting = false
    pingTimeoutTimer.disarm()
    armPing()
  }

  func armPing() {
    guard let delay = keepAlive.nextPing(&loop.random), !isClosed else { return }
    pingTimer.arm(loop, self, id: TimerID.ping, after: delay)
  }

  /// A stream has all of its message waiting: it may not do so for ever.
  func watchFlushes() {
    if flushTimer.isArmed { return }
    flushTimer.arm(loop, self, id: TimerID.flush, after: options.streamFlushTimeout)
  }

  func pingTimedOut() {
    count(.keepaliveTimeout, 1)
    switch owner {
    case .server(let codec): codec.use { $0.delegate.use { $0.keepaliveTimedOut() } }
    case .client(let codec): codec.use { $0.delegate.use { $0.keepaliveTimedOut() } }
    case .none: break
    }
  }

  func checkFlushes() {
    var next = Int64.max
    for stream in open where stream.flushDeadline != .max && stream.decoder != nil {
      if stream.flushDeadline > loop.now {
        next = min(next, stream.flushDeadline)
      } else {
        count(.txFlushTimeout, 1)
        abort(stream)
      }
    }
    if next != .max { flushTimer.arm(loop, self, id: TimerID.flush, after: next &- loop.now) }
  }
}
