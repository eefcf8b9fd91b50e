/// What the command line says about serving, under Envoy's flags.
package struct ServerOptions: Sendable {
  /// Worker threads (--concurrency).
  package var concurrency = 1
  /// Seconds that requests under way have to finish once a SIGTERM has come (--drain-time-s).
  package var drainTimeSeconds = 600
  /// --file-flush-interval-msec: access logs are written at least so often.
  package var fileFlushIntervalMilliseconds = 10_000
  /// `server.version`, a number that grows with the version.
  package var versionNumber: UInt64 = 0

  package init() {}
}
