import Glibc
import Reactor

/// A connect() of the app's that we make for it, on its own socket.
///
/// We must not wait, and whether a socket waits is the same for all who have it: one that does is made not to for as
/// long as our own call takes. To the capture socket nearly all connects are done by then; where its queue is full the
/// app goes on waiting, and we are told when it is over.
final class TrapConnection {
  /// Which call waits for it.
  let id: UInt64
  private let socket: Descriptor
  private let address: SocketAddress
  private let flags: Int32

  var descriptor: Int32 { socket.number }

  init(_ id: UInt64, _ socket: consuming Descriptor, _ address: SocketAddress) {
    self.id = id
    flags = fcntl(socket.number, F_GETFL)
    self.socket = socket
    self.address = address
  }

  /// What the app's call returns: an errno, 0, or nil where it has to wait.
  func attempt() -> Int32? {
    if flags & O_NONBLOCK != 0 { return connect() }
    _ = fcntl(socket.number, F_SETFL, flags | O_NONBLOCK)
    defer { _ = fcntl(socket.number, F_SETFL, flags) }
    var code = connect()
    // The second call takes the result of the first, and leaves the socket as one that has waited for it.
    if isPending(code), isReady() { code = connect() }
    return isPending(code) ? nil : code
  }

  private func connect() -> Int32 { address.withSockaddr { Glibc.connect(socket.number, $0, $1) } == 0 ? 0 : errno }

  private func isPending(_ code: Int32) -> Bool { code == EINPROGRESS || code == EALREADY }

  private func isReady() -> Bool {
    var waiting = pollfd(fd: socket.number, events: Int16(POLLOUT), revents: 0)
    return poll(&waiting, 1, 0) > 0
  }
}
