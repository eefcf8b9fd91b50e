import CLinux
import Glibc
import Reactor

/// The datagrams between one socket of the app and one destination: a socket inside, which has the destination for its own
/// address, and one on the host.
///
///     resolving --address found--> relaying --30 s without a datagram, a refusal--> closed
///         \--no address--> closed
final class UDPFlow: EventHandler {
  struct Key: Hashable {
    /// The app's socket.
    let source: SocketAddress
    /// Where it sends to.
    let destination: SocketAddress
  }

  private static let idleNanoseconds: Int64 = 30_000_000_000
  /// Datagrams that wait for the destination's address.
  private static let waitingLimit = 4

  let key: Key
  private unowned let relay: UDPRelay
  private var inside: UDPPipe?
  private var outside: UDPPipe?
  private var waiting: [[UInt8]] = []
  private var timer = Timer()
  private(set) var lastActivity: Int64

  init(_ relay: UDPRelay, _ key: Key) {
    self.relay = relay
    self.key = key
    lastActivity = relay.loop.now
    super.init()
    timer.arm(relay.loop, self, id: 0, after: Self.idleNanoseconds)
  }

  /// Begins to relay to an address of the host's.
  /// - Throws: a socket is refused.
  func open(to address: SocketAddress) throws(SystemError) {
    let inside = try relay.sockets.datagramSocket(key.destination.family)
    try Self.check("bind", key.destination.withSockaddr { bind(inside.number, $0, $1) })
    try Self.check("connect", key.source.withSockaddr { connect(inside.number, $0, $1) })
    let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let outside = try Descriptor(checking: socket(address.family, type, 0), "socket")
    try Self.check("connect", address.withSockaddr { connect(outside.number, $0, $1) })
    self.inside = try UDPPipe(relay, self, inside, isInside: true)
    self.outside = try UDPPipe(relay, self, outside, isInside: false)
    let first = waiting
    waiting = []
    for datagram in first { datagram.withUnsafeBytes { sendOut($0) } }
  }

  private static func check(_ call: String, _ result: Int32) throws(SystemError) {
    if result != 0 { throw SystemError(call) }
  }

  var isOpen: Bool { outside != nil }

  /// A datagram of the app's.
  func sendOut(_ datagram: UnsafeRawBufferPointer) {
    lastActivity = relay.loop.now
    if let outside { return outside.send(datagram) }
    if waiting.count < Self.waitingLimit { waiting.append(Array(datagram)) }
  }

  /// A datagram came to one of the two sockets: it goes out by the other.
  func pass(_ datagram: UnsafeRawBufferPointer, fromInside: Bool) {
    lastActivity = relay.loop.now
    (fromInside ? outside : inside)?.send(datagram)
  }

  override func timerFired(_ id: UInt8) {
    let left = lastActivity + Self.idleNanoseconds - relay.loop.now
    if left > 0 { timer.arm(relay.loop, self, id: 0, after: left) } else { relay.end(self) }
  }

  func close() {
    timer.disarm()
    inside?.close()
    outside?.close()
    relay.loop.release(self)
  }

  /// Nobody is there, or the socket failed.
  func failed() { relay.end(self) }
}
