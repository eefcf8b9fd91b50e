import Glibc
import Reactor
import Testing

@testable import Interception

/// Connects that we make on sockets of the app's.
@Suite struct TrapConnectionTests {
  private static let stream = Int32(SOCK_STREAM.rawValue)

  private func isBlocking(_ socket: Int32) -> Bool { fcntl(socket, F_GETFL) & O_NONBLOCK == 0 }

  @Test func aFullQueueHoldsNobodyUp() throws {
    let listener = try Sockets.bind(to: SocketAddress(ipv4: 127 << 24 | 1, port: 0), reusePort: false)
    try Sockets.listen(listener.number, backlog: 0)
    let address = try #require(Sockets.localAddress(listener.number))
    let fillers = try (0..<3).map { _ in try Sockets.connect(to: address).release() }
    defer { for filler in fillers { close(filler) } }
    let socket = try Descriptor(checking: socket(AF_INET, Self.stream, 0), "socket")
    let connection = TrapConnection(1, try Descriptor(checking: dup(socket.number), "dup"), address)
    #expect(connection.attempt() == nil)
    #expect(isBlocking(socket.number))
    var remote: SocketAddress?
    while let taken = try Sockets.accept(on: listener.number, remote: &remote) { _ = taken }
    // The kernel tries again after a second.
    var waiting = pollfd(fd: connection.descriptor, events: Int16(POLLOUT), revents: 0)
    #expect(poll(&waiting, 1, 10_000) == 1)
    #expect(connection.attempt() == 0)
    #expect(isBlocking(socket.number) && Sockets.remoteAddress(socket.number) == address)
  }

  @Test func resultsAreTheKernels() throws {
    let listener = try Sockets.bind(to: SocketAddress(ipv4: 127 << 24 | 1, port: 0), reusePort: false)
    let address = try #require(Sockets.localAddress(listener.number))
    func result(_ flags: Int32) throws -> (Int32?, TrapConnection) {
      let socket = try Descriptor(checking: socket(AF_INET, Self.stream | flags, 0), "socket")
      let connection = TrapConnection(1, socket, address)
      return (connection.attempt(), connection)
    }
    #expect(try result(0).0 == ECONNREFUSED)
    try Sockets.listen(listener.number, backlog: 8)
    let (code, blocking) = try result(0)
    #expect(code == 0 && blocking.attempt() == EISCONN)
    let (begun, other) = try result(Int32(SOCK_NONBLOCK.rawValue))
    #expect(begun == EINPROGRESS)
    var waiting = pollfd(fd: other.descriptor, events: Int16(POLLOUT), revents: 0)
    #expect(poll(&waiting, 1, 10_000) == 1 && other.attempt() == 0)
  }
}
