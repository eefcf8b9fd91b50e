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
  /// Answers that are read for one question: a late one to an earlier question may be of the other family.
  private static let answersPerQuestion = 2

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
      let request = AgentMessage(PL_NS_WANT_SOCKETS, a: InsideSockets.batch, b: UInt32(family))
      try request.send(to: channel.number)
      for _ in 0..<InsideSockets.answersPerQuestion {
        let code = try readAnswer(of: family)
        if let socket = takeKept(family) { return socket }
        if let code { throw SystemError("socket", code: code) }
      }
      throw SystemError("socket", code: EAFNOSUPPORT)
    }

    private mutating func takeKept(_ family: Int32) -> Int32? {
      family == AF_INET6 ? ipv6.popLast() : ipv4.popLast()
    }

    /// - Returns: where sockets of the family are wanting, the agent's errno; nil for an answer about the other one.
    private mutating func readAnswer(of family: Int32) throws(SystemError) -> Int32? {
      guard var reply = try AgentMessage(from: channel.number) else {
        throw SystemError("socket", code: ECONNREFUSED)
      }
      if reply.c == UInt32(AF_INET6) { ipv6 += reply.takeDescriptors() } else { ipv4 += reply.takeDescriptors() }
      // Our own want of descriptors may have cut a whole answer's off.
      let code = reply.b == 0 ? EMFILE : Int32(bitPattern: reply.b)
      return reply.c == UInt32(family) ? code : nil
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
