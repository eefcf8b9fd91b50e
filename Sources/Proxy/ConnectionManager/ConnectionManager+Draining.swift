import HTTP
import Reactor
import Telemetry

/// How a connection that is still asked for comes to its end.
extension ConnectionManager {
  /// Time for requests that are on their way already when the process is to end: no client is farther away than this, in
  /// nanoseconds. Those under way have all of the drain time.
  private static let farewell: Int64 = 1_000_000_000

  /// As Envoy's drain sequence: a request that is on its way already is still answered, in HTTP/1.1 with Connection:
  /// close; without one the connection ends after drain_timeout.
  /// - Parameter longest: how long drain_timeout may be, in nanoseconds.
  func startDraining(atMost longest: Int64 = .max) {
    if isHTTP2, isDraining { return drainSooner(longest) }
    isDraining = true
    isClosing = !isHTTP2
    drainTimer.disarm()
    codec?.shutdownNotice()
    drainStart = worker.loop.now
    drainTime = min(info.drainTimeout, longest)
    drainTimer.arm(worker.loop, self, id: TimerID.drain, after: drainTime)
  }

  /// A connection of HTTP/2 that drains already has less time for it than it was given.
  private func drainSooner(_ longest: Int64) {
    let spent = worker.loop.now - drainStart
    guard longest < drainTime - spent, !isClosing else { return }
    drainTime = spent + longest
    drainTimer.arm(worker.loop, self, id: TimerID.drain, after: longest)
  }

  /// /drain_listeners?graceful: as in Envoy, connections of HTTP/2 begin to drain by themselves.
  /// - Parameter delay: nanoseconds.
  func drainGracefully(after delay: Int64) {
    guard isHTTP2, !isDraining else { return }
    if delay > 0 {
      drainTimer.arm(worker.loop, self, id: TimerID.gracefulDrain, after: delay)
    } else {
      drainUnasked()
    }
  }

  func drainUnasked() {
    if isDraining { return }
    shard.increment(info.stats[.downstreamCxDrainClose])
    startDraining()
  }

  /// drain_timeout is over.
  func drained() {
    isClosing = true
    codec?.goAway()
    closeAfterLastStream(requestWasRead: false)
  }

  /// We are going: an idle connection closes now, another behind its response; HTTP/2 says so first.
  func drain() {
    if isHTTP2 { return startDraining(atMost: Self.farewell) }
    breakOff()
    if streams.isEmpty { close(.flushWrite) }
  }
}
