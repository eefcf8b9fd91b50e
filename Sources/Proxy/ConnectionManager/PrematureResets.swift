/// Whether a client of HTTP/2 opens streams only to reset them, which costs us more than it (Envoy's
/// maybeDrainDueToPrematureResets, CVE-2023-44487).
struct PrematureResets {
  /// Streams that a connection must have had before it is judged (overload.premature_reset_total_stream_count).
  private static let minStreams = 500
  /// Who resets later had a reason (overload.premature_reset_min_stream_lifetime_seconds), in nanoseconds.
  private static let minLifetime: Int64 = 1_000_000_000

  private var count = 0

  /// A stream was reset by the client. Half of the streams is too many, or of as many as it takes to judge.
  /// - Parameters:
  ///   - answered: its response had begun.
  ///   - lifetime: of the stream, in nanoseconds.
  ///   - ended: how many streams of the connection are over, with this one.
  mutating func isTooMany(answered: Bool, lifetime: Int64, ended: Int) -> Bool {
    if answered || lifetime / 1_000_000_000 > Self.minLifetime / 1_000_000_000 { return false }
    count += 1
    return count * 2 >= max(ended, Self.minStreams)
  }
}
