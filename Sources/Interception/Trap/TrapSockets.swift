import CLinux
import Glibc
import Reactor

/// The sockets that trapped calls are pointed to: on the host's loopback, at ports that are free.
enum TrapSockets {
  private static let loopback = SocketAddress(ipv4: 127 << 24 | 1, port: 0)

  /// For connections to all tokens, each of which is an address of the loopback interface's. Bound; it does not listen yet.
  static func capture() throws(SystemError) -> Descriptor {
    let socket = try Sockets.bind(to: SocketAddress(ipv4: 0, port: 0), reusePort: false)
    // Where the kernel wants rights for that (before Linux 5.7), what comes to no token is reset.
    _ = bindToLoopbackInterface(socket)
    return socket
  }

  /// Nobody comes in from other machines.
  private static func bindToLoopbackInterface(_ socket: borrowing Descriptor) -> Bool {
    setsockopt(socket.number, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2) == 0
  }

  /// Bound, for questions: at all addresses of the loopback interface, where that can be, and it tells which was asked.
  static func dnsUDP() throws(SystemError) -> Descriptor {
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let socket = try Descriptor(checking: socket(AF_INET, type, 0), "socket")
    let address = bindToLoopbackInterface(socket) ? SocketAddress(ipv4: 0, port: 0) : loopback
    Sockets.set(socket.number, Int32(IPPROTO_IP), IP_PKTINFO, 1)
    guard address.withSockaddr({ bind(socket.number, $0, $1) }) == 0 else { throw SystemError("bind") }
    return socket
  }

  /// Listening, for questions.
  static func dnsTCP() throws(SystemError) -> Descriptor {
    let socket = try Sockets.bind(to: loopback, reusePort: false)
    try Sockets.listen(socket.number, backlog: 128)
    return socket
  }

  static func address(_ socket: borrowing Descriptor) throws(SystemError) -> SocketAddress {
    guard let address = Sockets.localAddress(socket.number) else { throw SystemError("getsockname") }
    return address
  }
}
