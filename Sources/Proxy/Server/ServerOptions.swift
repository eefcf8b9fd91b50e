/// How many of the responses ask their connection to close while listeners drain (--drain-strategy): all of them, or the
/// more, the more of the drain time has gone.
package enum DrainStrategy: String, Sendable, CaseIterable { case gradual, immediate }

/// What the command line says about serving, under Envoy's flags.
package struct ServerOptions: Sendable {
  /// Worker threads (--concurrency).
  package var concurrency = 1
  /// Seconds that requests under way have to finish once a SIGTERM has come (--drain-time-s).
  package var drainTimeSeconds = 600
  package var drainStrategy = DrainStrategy.gradual
  /// --file-flush-interval-msec: access logs are written at least so often.
  package var fileFlushIntervalMilliseconds = 10_000
  /// `server.version`, a number that grows with the version.
  package var versionNumber: UInt64 = 0

  package init() {}
}
