import CLinux
import CPillionNS
import Glibc
import Proxy
import Reactor

/// Sockets that were made in the app's namespace, with which all workers dial the app. A stock of them is kept, and more are asked
/// for before it is empty, so that nobody waits for the agent but where many are wanted at once.
package final class InsideSockets: UpstreamDialer {
  private let stock: Locked<InsideStock>

  /// - Parameter channel: to the agent; for this alone.
  init(_ channel: consuming Descriptor) {
    stock = Locked(InsideStock(channel))
  }

  /// Asks for those that the first connections will need.
  func prepare() { stock.withLock { $0.ask(for: InsideStock.Kind(family: AF_INET, type: SOCK_STREAM)) } }

  /// A socket of UDP inside, neither bound nor connected.
  func datagramSocket(_ family: Int32) throws(SystemError) -> Descriptor {
    try take(InsideStock.Kind(family: family, type: SOCK_DGRAM))
  }

  private func take(_ kind: InsideStock.Kind) throws(SystemError) -> Descriptor {
    Descriptor(try stock.withLock { (stock) throws(SystemError) in try stock.take(kind) })
  }

  package func connect(to address: SocketAddress) throws(SystemError) -> Descriptor {
    let socket = try take(InsideStock.Kind(family: address.family, type: SOCK_STREAM))
    let number = socket.number
    Sockets.set(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    let result = address.withSockaddr { Glibc.connect(number, $0, $1) }
    if result != 0 && errno != EINPROGRESS { throw SystemError("connect") }
    return socket
  }
}
