/// Where a codec puts its bytes: a connection, or memory in a test.
///
/// Heads are appended to ``output`` and sent with what follows, after ``flushSoon()``; bodies go
/// through ``write(_:)``, which passes large ones to the socket without a copy where it can.
open class Transport: EventHandler {
  public final var output: ByteQueue
  /// Whether what the handlers of one turn of the loop write goes out together, at its end: right where many streams share
  /// a connection, whose messages would be a call, and a record of TLS, each. What is written to by one handler in a turn
  /// goes out behind it.
  public final var gathersWrites = false

  public init(pool: BlockPool) { output = ByteQueue(pool: pool) }

  /// Whether the connection is over: nobody reads what is written, and nothing more comes.
  open var hasEnded: Bool { false }

  /// Sends what waits in ``output`` behind the loop's present handler, or at the end of its turn (``gathersWrites``).
  open func flushSoon() {}

  open func write(_ bytes: ByteView) {
    output.append(bytes)
    flushSoon()
  }
}
