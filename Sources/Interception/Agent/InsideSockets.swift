import CLinux
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
  /// Answers that are read for one question: a late one to an earlier question may be of another kind.
  private static let answersPerQuestion = 4

  /// What a socket is made for: in the protocol one number.
  private struct Kind: Hashable {
    let family: Int32
    let type: __socket_type

    var number: UInt32 { pl_ns_kind(family, Int32(type.rawValue)) }
  }

  private struct Stock: ~Copyable {
    let channel: Descriptor
    /// By the number of their kind.
    var kept: [UInt32: [Int32]] = [:]

    init(_ channel: consuming Descriptor) { self.channel = channel }

    deinit {
      for socket in kept.values.joined() { close(socket) }
    }

    mutating func take(_ kind: Kind) throws(SystemError) -> Int32 {
      if let socket = kept[kind.number]?.popLast() { return socket }
      let request = AgentMessage(
        PL_NS_WANT_SOCKETS, a: InsideSockets.batch, b: UInt32(kind.family), c: kind.type.rawValue)
      try request.send(to: channel.number)
      for _ in 0..<InsideSockets.answersPerQuestion {
        let code = try readAnswer(of: kind)
        if let socket = kept[kind.number]?.popLast() { return socket }
        if let code { throw SystemError("socket", code: code) }
      }
      throw SystemError("socket", code: EAFNOSUPPORT)
    }

    /// - Returns: where sockets of the kind are wanting, the agent's errno; nil for an answer about another.
    private mutating func readAnswer(of kind: Kind) throws(SystemError) -> Int32? {
      guard var reply = try AgentMessage(from: channel.number) else {
        throw SystemError("socket", code: ECONNREFUSED)
      }
      kept[reply.c, default: []] += reply.takeDescriptors()
      // Our own want of descriptors may have cut a whole answer's off.
      let code = reply.b == 0 ? EMFILE : Int32(bitPattern: reply.b)
      return reply.c == kind.number ? code : nil
    }
  }

  private let stock: Locked<Stock>

  /// - Parameter channel: to the agent; for this alone.
  init(_ channel: consuming Descriptor) {
    var patience = timeval(tv_sec: 0, tv_usec: Self.patienceMilliseconds * 1000)
    setsockopt(channel.number, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    stock = Locked(Stock(channel))
  }

  /// A socket of UDP inside, neither bound nor connected.
  func datagramSocket(_ family: Int32) throws(SystemError) -> Descriptor {
    try take(Kind(family: family, type: SOCK_DGRAM))
  }

  private func take(_ kind: Kind) throws(SystemError) -> Descriptor {
    Descriptor(try stock.withLock { (stock) throws(SystemError) in try stock.take(kind) })
  }

  package func connect(to address: SocketAddress) throws(SystemError) -> Descriptor {
    let socket = try take(Kind(family: address.family, type: SOCK_STREAM))
    let number = socket.number
    Sockets.set(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    let result = address.withSockaddr { Glibc.connect(number, $0, $1) }
    if result != 0 && errno != EINPROGRESS { throw SystemError("connect") }
    return socket
  }
}
