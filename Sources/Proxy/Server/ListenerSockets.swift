import EnvoyConfig
import Glibc
import Reactor

/// The listening sockets of a listener: one a worker with `enable_reuse_port`, else one that all workers share. They are
/// bound before anything runs, so that an address in use refuses the start.
package struct ListenerSockets {
  package let address: Reactor.SocketAddress
  private(set) var descriptors: [Int32]
  private let backlog: Int32

  /// - Throws: the address is in use, forbidden, or none of this machine's.
  package init(_ listener: Listener, concurrency: Int) throws(SystemError) {
    guard let wanted = Reactor.SocketAddress(listener.address) else { throw SystemError("bind", code: EINVAL) }
    backlog = Int32(clamping: listener.tcpBacklogSize ?? UInt32(SOMAXCONN))
    guard listener.bindToPort else {
      address = wanted
      descriptors = []
      return
    }
    let spread = listener.enableReusePort && wanted.isIP
    let dual = listener.address.takesIPv4Too
    let first = try Sockets.bind(to: wanted, reusePort: spread, ipv4Too: dual)
    let address = Sockets.localAddress(first.number) ?? wanted
    if case .pipe(let pipe) = listener.address, pipe.mode != 0 { chmod(pipe.path, pipe.mode) }
    var descriptors = [first.release()]
    while descriptors.count < concurrency {
      if spread {
        descriptors.append(try Sockets.bind(to: address, reusePort: true, ipv4Too: dual).release())
      } else {
        descriptors.append(try Descriptor(checking: fcntl(descriptors[0], F_DUPFD_CLOEXEC, 3), "dup").release())
      }
    }
    self.address = address
    self.descriptors = descriptors
  }

  /// A socket that was bound elsewhere, and that all workers share, in place of the listener's own.
  package init(
    _ listener: Listener, concurrency: Int, using socket: consuming Descriptor
  ) throws(SystemError) {
    guard let wanted = Reactor.SocketAddress(listener.address) else { throw SystemError("bind", code: EINVAL) }
    backlog = Int32(clamping: listener.tcpBacklogSize ?? UInt32(SOMAXCONN))
    address = wanted
    descriptors = [socket.release()]
    while descriptors.count < concurrency {
      descriptors.append(try Descriptor(checking: fcntl(descriptors[0], F_DUPFD_CLOEXEC, 3), "dup").release())
    }
  }

  /// Nil for a listener that is not bound to its port.
  func descriptor(ofWorker index: Int) -> Int32? { descriptors.isEmpty ? nil : descriptors[index] }

  /// Begins to take connections.
  func listen() throws(SystemError) {
    for descriptor in descriptors { try Sockets.listen(descriptor, backlog: backlog) }
  }
}

extension Reactor.SocketAddress {
  /// Nil for a name, or a path that is too long.
  package init?(_ address: Address) {
    switch address {
    case .socketAddress(let address): self.init(ip: address.address, port: address.portValue)
    case .pipe(let pipe): self.init(unixPath: pipe.path)
    }
  }
}

extension Address {
  /// `ipv4_compat` of an IPv6 address.
  var takesIPv4Too: Bool {
    if case .socketAddress(let address) = self { return address.ipv4Compat }
    return false
  }
}
