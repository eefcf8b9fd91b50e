import Glibc

/// A listening socket on a loop: gives every connection that comes to its owner. Without a descriptor to spare it stops,
/// says so once, and tries again shortly, so that a full table neither spins nor ends the service.
package final class Acceptor: EventHandler {
  /// Connections taken in one turn before others get theirs.
  private static let acceptsPerTurn = 64
  private static let retryNanoseconds: Int64 = 50_000_000

  private let loop: EventLoop
  private let socket: Descriptor
  private let accepted: (consuming Descriptor, SocketAddress?) -> Void
  private let failed: (SystemError) -> Void
  private var registration: Registration?
  private var retry = Timer()
  private var failing = false
  private var isClosed = false

  /// - Parameters:
  ///   - accepted: takes each connection.
  ///   - failed: is told once when accepting begins to fail, e.g. with EMFILE.
  package init(
    _ loop: EventLoop, listeningOn socket: consuming Descriptor,
    accepted: @escaping (consuming Descriptor, SocketAddress?) -> Void, failed: @escaping (SystemError) -> Void
  ) throws(SystemError) {
    self.loop = loop
    self.socket = socket
    self.accepted = accepted
    self.failed = failed
    super.init()
    registration = try loop.register(self.socket.number, self)
  }

  package override func ready(_ readiness: Readiness) { acceptAvailable() }

  package override func timerFired(_ id: UInt8) { acceptAvailable() }

  package override func runLater() { acceptAvailable() }

  /// Stops for good; the socket closes with this object.
  package func close() {
    isClosed = true
    retry.disarm()
    if let registration { loop.deregister(registration) }
    registration = nil
  }

  private func acceptAvailable() {
    for _ in 0..<Self.acceptsPerTurn {
      if isClosed { return }
      do {
        var remote: SocketAddress?
        guard let connection = try Sockets.accept(on: socket.number, remote: &remote) else { return }
        failing = false
        accepted(connection, remote)
      } catch {
        if !failing { failed(error) }
        failing = true
        retry.arm(loop, self, id: 0, after: Self.retryNanoseconds)
        return
      }
    }
    loop.later(self)
  }
}
