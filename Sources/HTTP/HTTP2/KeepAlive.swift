import Reactor

/// When a connection is asked whether its peer is still there (Envoy's connection_keepalive). A value without I/O.
struct KeepAlive {
  private let settings: HTTP2Keepalive?
  var lastReceived: Int64
  /// A PING waits for its answer.
  var isWaiting = false

  init(_ settings: HTTP2Keepalive?, now: Int64) {
    self.settings = settings
    lastReceived = now
  }

  var timeout: Int64 { settings?.timeout ?? 0 }

  /// Nanoseconds to the next PING; nil for none.
  func nextPing(_ random: inout RandomGenerator) -> Int64? {
    guard let settings, settings.interval > 0 else { return nil }
    let percent = max(0, min(100, settings.intervalJitter))
    let most = Int64(Double(settings.interval) * percent / 100)
    let jitter = most > 0 ? Int64.random(in: 0...most, using: &random) : 0
    return settings.interval.addingReportingOverflow(jitter).partialValue
  }

  /// Whether nothing has come for so long that a new stream wants proof first.
  func isStale(at now: Int64) -> Bool {
    guard let settings, settings.connectionIdleInterval > 0, !isWaiting else { return false }
    return now &- lastReceived > settings.connectionIdleInterval
  }
}
