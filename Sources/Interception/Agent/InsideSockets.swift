import CPillionNS
import Glibc
import Proxy
import Reactor

/// Sockets that were made in the app's namespace, with which all workers dial the app. A stock of them is kept; when it
/// is empty the agent is asked for more, which takes it some 0.1 ms for a batch, and while which others wait.
package final class InsideSockets: UpstreamDialer {
  private static let batch: UInt32 = 32
  /// The agent answers at once, unless it is gone or stopped.
  private static let patienceMilliseconds = 500

  private struct Stock: ~Copyable {
    let channel: Descriptor
    var ipv4: [Int32] = []
    var ipv6: [Int32] = []

    init(_ channel: consuming Descriptor) { self.channel = channel }

    deinit {
      for socket in ipv4 + ipv6 { close(socket) }
    }

    mutating func take(_ family: Int32) throws(SystemError) -> Int32 {
      if let socket = takeKept(family) { return socket }
      try refill(family)
      guard let socket = takeKept(family) else { throw SystemError("socket", code: EAFNOSUPPORT) }
      return socket
    }

    private mutating func takeKept(_ family: Int32) -> Int32? {
      family == AF_INET6 ? ipv6.popLast() : ipv4.popLast()
    }

    private mutating func refill(_ family: Int32) throws(SystemError) {
      let request = AgentMessage(PL_NS_WANT_SOCKETS, a: InsideSockets.batch, b: UInt32(family))
      try request.send(to: channel.number)
      guard var reply = try AgentMessage(from: channel.number) else {
        throw SystemError("socket", code: ECONNREFUSED)
      }
      // A late answer to an earlier question may be of the other family.
      if reply.c == UInt32(AF_INET6) { ipv6 += reply.takeDescriptors() } else { ipv4 += reply.takeDescriptors() }
    }
  }

  private let stock: Locked<Stock>

  /// - Parameter channel: to the agent; for this alone.
  init(_ channel: consuming Descriptor) {
    var patience = timeval(tv_sec: 0, tv_usec: Self.patienceMilliseconds * 1000)
    setsockopt(channel.number, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    stock = Locked(Stock(channel))
  }

  package func connect(to address: SocketAddress) throws(SystemError) -> Descriptor {
    let number = try stock.withLock { (stock) throws(SystemError) in try stock.take(address.family) }
    let socket = Descriptor(number)
    Sockets.set(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    let result = address.withSockaddr { Glibc.connect(number, $0, $1) }
    if result != 0 && errno != EINPROGRESS { throw SystemError("connect") }
    return socket
  }
}
