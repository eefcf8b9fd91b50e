/// What may lie between a ``Connection`` and its socket's bytes: TLS. A connection without one reads and writes its
/// socket itself.
///
/// The contract is the loop's, edge-triggered: each call goes on until the kernel has nothing more, or takes nothing
/// more, and ``hasMore`` and ``hasUnsent`` say which of both is still open.
open class TransportSocket {
  public enum HandshakeProgress {
    case done
    /// It goes on once the socket is readable, or writable where ``hasUnsent``.
    case waits
    /// The peer closed before it was done; ``failureReason`` may say more.
    case peerClosed
    /// The socket failed (errno).
    case socketFailed(Int32)
    /// It is over; ``failureReason`` says why. What there was to tell the peer has been sent.
    case failed
  }

  /// The connection's socket: set once, before any call. The connection owns it.
  public final internal(set) var descriptor: Int32 = -1
  /// Whether this side begins the handshake.
  public final let speaksFirst: Bool
  /// The last ``receive(into:)`` or ``handshake()`` left bytes to read: here, or perhaps in the kernel.
  public final var hasMore = false
  /// Bytes of the transport's own wait for the kernel: ``transmit(_:_:)`` sends them first.
  open var hasUnsent: Bool { false }
  /// It broke: a ``receive(into:)`` or ``transmit(_:_:)`` that returned -1 was not the socket's fault.
  public final var hasFailed = false
  /// Why it failed, for people; empty where it did not.
  open var failureReason: String { "" }

  public init(speaksFirst: Bool) { self.speaksFirst = speaksFirst }

  /// Takes the handshake as far as the socket's bytes allow.
  open func handshake() -> HandshakeProgress { .done }

  /// Fills `target` as far as there are bytes. Returns their number; 0 for the peer's end; -1 with errno for none
  /// (EAGAIN) or a failure (``hasFailed``, or the socket's errno).
  open func receive(into target: UnsafeMutableRawBufferPointer) -> Int { 0 }

  /// Sends what waits here, then both runs. Returns how many of their bytes were taken; fewer, or ``hasUnsent``, when the
  /// kernel is full; -1 with errno for a failure.
  open func transmit(_ first: ByteView, _ second: ByteView) -> Int { 0 }

  /// Tells the peer that we send no more (close_notify), as far as the kernel takes it. Calls after the first do nothing.
  open func shutdown() {}
}
