import EnvoyConfig
import Glibc
import Reactor

/// The listening sockets of a listener: one a worker with `enable_reuse_port`, else one that all workers share; none for a
/// listener that is not bound to its port. They are bound before anything runs, so that an address in use refuses the start.
package struct ListenerSockets {
  package let address: Reactor.SocketAddress
  /// Of each worker.
  private var descriptors: [[Int32]]
  private let backlog: Int32

  /// - Throws: the address is in use, forbidden, or none of this machine's.
  package init(_ listener: Listener, concurrency: Int) throws(SystemError) {
    guard let wanted = Reactor.SocketAddress(listener.address) else { throw SystemError("bind", code: EINVAL) }
    backlog = Int32(clamping: listener.tcpBacklogSize ?? UInt32(SOMAXCONN))
    guard listener.bindToPort else {
      address = wanted
      descriptors = Array(repeating: [], count: concurrency)
      return
    }
    let spread = listener.enableReusePort && wanted.isIP
    let dual = listener.address.takesIPv4Too
    let first = try Sockets.bind(to: wanted, reusePort: spread, ipv4Too: dual)
    let address = Sockets.localAddress(first.number) ?? wanted
    if case .pipe(let pipe) = listener.address, pipe.mode != 0 { chmod(pipe.path, pipe.mode) }
    self.address = address
    descriptors = [[first.release()]]
    while descriptors.count < concurrency {
      if spread {
        descriptors.append([try Sockets.bind(to: address, reusePort: true, ipv4Too: dual).release()])
      } else {
        descriptors.append(try Self.duplicates(of: descriptors[0]))
      }
    }
  }

  /// Sockets that were bound elsewhere, and that all workers share, in place of the listener's own.
  /// - Parameter sockets: duplicated; they stay the caller's.
  package init(_ listener: Listener, concurrency: Int, using sockets: [Int32]) throws(SystemError) {
    guard let wanted = Reactor.SocketAddress(listener.address) else { throw SystemError("bind", code: EINVAL) }
    backlog = Int32(clamping: listener.tcpBacklogSize ?? UInt32(SOMAXCONN))
    address = wanted
    descriptors = []
    while descriptors.count < concurrency { descriptors.append(try Self.duplicates(of: sockets)) }
  }

  private static func duplicates(of sockets: [Int32]) throws(SystemError) -> [Int32] {
    var copies: [Int32] = []
    for socket in sockets {
      copies.append(try Descriptor(checking: fcntl(socket, F_DUPFD_CLOEXEC, 3), "dup").release())
    }
    return copies
  }

  func descriptors(ofWorker index: Int) -> [Int32] { descriptors[index] }

  /// Begins to take connections.
  func listen() throws(SystemError) {
    for descriptor in descriptors.joined() { try Sockets.listen(descriptor, backlog: backlog) }
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
