import CLinux
import Glibc

/// The socket calls, in one place. Every descriptor is non-blocking and closed on exec.
package enum Sockets {
  private static var streamType: Int32 {
    Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  }

  /// Begins to connect. The result may already be connected or still connecting: the event loop tells.
  /// - Throws: no descriptor left, or the kernel refuses at once.
  package static func connect(to address: SocketAddress) throws(SystemError) -> Descriptor {
    let socket = try Descriptor(checking: Glibc.socket(address.family, streamType, 0), "socket")
    if address.isIP { set(socket.number, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
    let result = address.withSockaddr { Glibc.connect(socket.number, $0, $1) }
    if result != 0 && errno != EINPROGRESS { throw SystemError("connect") }
    return socket
  }

  /// Reads at most `count` bytes. Returns their number; 0 for the peer's end; -1 with errno.
  package static func receive(_ socket: Int32, _ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
    pl_recv(socket, target, count, 0)
  }

  /// Returns how many of the bytes the kernel took; -1 with errno.
  package static func send(_ socket: Int32, _ bytes: ByteView) -> Int {
    pl_send(socket, bytes.start, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// A bound socket that does not listen yet.
  /// - Parameter ipv4Too: an IPv6 socket takes IPv4 connections as well.
  /// - Throws: the address is in use, forbidden, or none of this machine's.
  package static func bind(
    to address: SocketAddress, reusePort: Bool, ipv4Too: Bool = false
  ) throws(SystemError) -> Descriptor {
    let socket = try Descriptor(checking: Glibc.socket(address.family, streamType, 0), "socket")
    if address.isIP {
      set(socket.number, SOL_SOCKET, SO_REUSEADDR, 1)
      if reusePort { set(socket.number, SOL_SOCKET, SO_REUSEPORT, 1) }
      if address.family == AF_INET6 { set(socket.number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, ipv4Too ? 0 : 1) }
    } else {
      removeStaleSocket(address)
    }
    guard address.withSockaddr({ Glibc.bind(socket.number, $0, $1) }) == 0 else { throw SystemError("bind") }
    return socket
  }

  /// Begins to queue connections on a bound socket.
  package static func listen(_ socket: Int32, backlog: Int32) throws(SystemError) {
    guard Glibc.listen(socket, backlog) == 0 else { throw SystemError("listen") }
  }

  /// The file of a Unix socket on which nobody listens any more would keep us from binding.
  private static func removeStaleSocket(_ address: SocketAddress) {
    guard let path = address.unixPath, !path.hasPrefix("@") else { return }
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
    let probe = Glibc.socket(AF_UNIX, streamType, 0)
    guard probe >= 0 else { return }
    defer { close(probe) }
    if address.withSockaddr({ Glibc.connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED { unlink(path) }
  }

  /// The next connection that waits, or nil for none.
  /// - Throws: EMFILE or ENFILE (no descriptor left), ENOMEM and the like. A connection that went while it waited is
  ///   passed over.
  package static func accept(
    on listener: Int32, remote: inout SocketAddress?
  ) throws(SystemError) -> Descriptor? {
    while true {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let number = withUnsafeMutablePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          pl_accept4(listener, $0, &length, Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue))
        }
      }
      if number >= 0 {
        remote = SocketAddress(&storage, length: length)
        if remote?.isIP == true { set(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1) }
        return Descriptor(number)
      }
      switch errno {
      case EAGAIN: return nil
      case EINTR, ECONNABORTED, EPROTO, EPERM: continue
      default: throw SystemError("accept")
      }
    }
  }

  package static func localAddress(_ socket: Int32) -> SocketAddress? { address(socket, getsockname) }

  /// Where an accepted connection was to go before it was redirected to us: by REDIRECT (SO_ORIGINAL_DST) or by TPROXY,
  /// whose transparent sockets have it for their own address. Nil for one that nobody redirected.
  package static func originalDestination(_ socket: Int32) -> SocketAddress? {
    for level in [pl_sol_ip, pl_sol_ipv6] {
      let found = address(socket) { getsockopt($0, level, pl_so_original_dst, $1, $2) }
      if let found, found.isIP { return found }
    }
    guard isSet(socket, pl_sol_ip, pl_ip_transparent) || isSet(socket, pl_sol_ipv6, pl_ipv6_transparent) else {
      return nil
    }
    return localAddress(socket)
  }

  private static func isSet(_ socket: Int32, _ level: Int32, _ option: Int32) -> Bool {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(socket, level, option, &value, &length) == 0 && value != 0
  }

  package static func remoteAddress(_ socket: Int32) -> SocketAddress? { address(socket, getpeername) }

  private static func address(
    _ socket: Int32, _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(socket, $0, &length) }
    }
    return result == 0 ? SocketAddress(&storage, length: length) : nil
  }

  /// Takes the socket's pending error (SO_ERROR); 0 for none.
  package static func pendingError(_ socket: Int32) -> Int32 {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
  }

  /// The close will send a reset, not an end.
  package static func resetOnClose(_ socket: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Options are wishes: a kernel that does not know one serves without it.
  package static func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}
