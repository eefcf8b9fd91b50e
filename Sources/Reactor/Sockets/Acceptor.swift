import Glibc

/// A listening socket on a loop: gives every connection that comes to its owner. Without a descriptor to spare it stops,
/// says so once, and tries again shortly, so that a full table neither spins nor ends the service.
package final class Acceptor: EventHandler {
  /// Connections taken in one turn before others get theirs.
  private static let acceptsPerTurn = 64
  private static let retryNanoseconds: Int64 = 50_000_000
  /// At a limit each descriptor that is given back lets one more in: for so long that is one failure.
  private static let failureNanoseconds: Int64 = 60_000_000_000

  private let loop: EventLoop
  private let socket: Descriptor
  private let accepted: (consuming Descriptor, SocketAddress?) -> Void
  private let failed: (SystemError) -> Void
  private var registration: Registration?
  private var retry = Timer()
  /// When it was last told.
  private var failedAt: Int64?
  private var isClosed = false

  /// - Parameters:
  ///   - accepted: takes each connection.
  ///   - failed: is told when accepting begins to fail, e.g. with EMFILE, once a minute.
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
        accepted(connection, remote)
      } catch {
        tellFailure(error)
        retry.arm(loop, self, id: 0, after: Self.retryNanoseconds)
        return
      }
    }
    loop.later(self)
  }

  private func tellFailure(_ error: SystemError) {
    if let failedAt, loop.now - failedAt < Self.failureNanoseconds { return }
    failedAt = loop.now
    failed(error)
  }
}
