/// Where a codec puts its bytes: a connection, or memory in a test.
///
/// Heads are appended to ``output`` and sent with what follows at the end of the turn, after ``flushSoon()``; bodies go
/// through ``write(_:)``, which passes large ones to the socket without a copy where it can.
open class Transport: EventHandler {
  public final var output: ByteQueue

  public init(pool: BlockPool) { output = ByteQueue(pool: pool) }

  /// Whether the connection is over: nobody reads what is written, and nothing more comes.
  open var hasEnded: Bool { false }

  /// Sends what waits in ``output`` at the end of the loop's present turn.
  open func flushSoon() {}

  open func write(_ bytes: ByteView) {
    output.append(bytes)
    flushSoon()
  }
}
