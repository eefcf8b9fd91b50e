import CLinux
import Glibc

/// A connected socket whose first bytes are looked at and left where they are (MSG_PEEK), until its owner takes it. To be
/// subclassed by who looks.
///
/// The kernel announces new bytes also where older ones lie unread, so one look an announcement is enough, however slowly
/// they come.
open class PeekingSocket: EventHandler {
  private static let discardsPerTurn = 16

  private let loop: EventLoop
  private var descriptor: Descriptor?
  private var registration: Registration?
  private let limit: Int

  /// - Parameter limit: bytes that are looked at, at most.
  public init(_ loop: EventLoop, limit: Int) {
    self.loop = loop
    self.limit = min(limit, EventLoop.readBufferSize)
    super.init()
  }

  /// Takes the socket over and begins to look; the loop keeps this object until ``take()`` or ``close()``.
  /// - Throws: the kernel refuses to watch the socket.
  package final func startPeeking(at socket: consuming Descriptor) throws(SystemError) {
    let number = socket.number
    descriptor = .some(socket)
    registration = try loop.register(number, self)
  }

  /// All that the peer has sent so far, at most the limit.
  /// - Parameters:
  ///   - atEnd: it will send no more.
  ///   - isReset: it has reset the connection.
  open func peeked(_ bytes: ByteView, atEnd: Bool, isReset: Bool) {}

  /// The socket failed (errno).
  open func peekFailed(_ code: Int32) {}

  public override func ready(_ readiness: Readiness) {
    guard let number = descriptor?.number else { return }
    let target = UnsafeMutableRawBufferPointer(rebasing: loop.readBuffer[0..<limit])
    let count = recv(number, target.baseAddress, target.count, Int32(MSG_PEEK))
    if count >= 0 {
      let atEnd = count == 0 || readiness.contains(.peerClosed)
      peeked(
        ByteView(UnsafeRawBufferPointer(rebasing: target[0..<min(count, limit)])), atEnd: atEnd,
        isReset: readiness.contains(.failed))
    } else if errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR {
      peekFailed(errno)
    }
  }

  package final var localAddress: SocketAddress? {
    guard let number = descriptor?.number else { return nil }
    return Sockets.localAddress(number)
  }

  /// Takes so many of the bytes that were looked at. False where they are not there.
  package final func discard(_ count: Int) -> Bool {
    guard let number = descriptor?.number else { return false }
    var left = count
    while left > 0 {
      let taken = recv(number, nil, left, Int32(MSG_TRUNC))
      if taken > 0 { left -= taken } else if taken == 0 || errno != EINTR { return false }
    }
    return true
  }

  /// Takes what the peer has sent, as much as is fair in one turn: what it sends on is announced. False where it will send
  /// no more.
  package final func discardAll() -> Bool {
    guard let number = descriptor?.number else { return false }
    for _ in 0..<Self.discardsPerTurn {
      let taken = recv(number, nil, limit, Int32(MSG_TRUNC))
      if taken == 0 { return false }
      if taken < 0, errno != EINTR { return errno == EAGAIN || errno == EWOULDBLOCK }
    }
    return true
  }

  /// Sends what is small beside the kernel's buffer, on a connection that has sent nothing else. False where the kernel
  /// does not take it whole.
  package final func send(_ bytes: ByteView) -> Bool {
    guard let number = descriptor?.number else { return false }
    return Glibc.send(number, bytes.start, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// Says that nothing more is sent. False for a connection that is gone.
  package final func shutdownWrite() -> Bool {
    guard let number = descriptor?.number else { return false }
    return shutdown(number, Int32(SHUT_WR)) == 0
  }

  /// Ends the looking and gives the socket away, all its bytes unread; nil when it is gone already.
  package final func take() -> Descriptor? {
    if let registration, let number = descriptor?.number { loop.unwatch(registration, number) }
    registration = nil
    return descriptor.take()
  }

  /// Closes the socket.
  package final func close() { _ = take() }
}
