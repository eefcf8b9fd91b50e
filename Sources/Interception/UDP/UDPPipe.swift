import CLinux
import Glibc
import Reactor

/// One of a flow's two sockets.
final class UDPPipe: EventHandler {
  /// Datagrams taken in one turn before others get theirs.
  private static let datagramsPerTurn = 64

  private unowned let relay: UDPRelay
  private unowned let flow: UDPFlow
  private var socket: Descriptor?
  private var registration: Registration?
  private let isInside: Bool

  init(_ relay: UDPRelay, _ flow: UDPFlow, _ socket: consuming Descriptor, isInside: Bool) throws(SystemError) {
    self.relay = relay
    self.flow = flow
    self.isInside = isInside
    let number = socket.number
    self.socket = .some(socket)
    super.init()
    registration = try relay.loop.register(number, self)
  }

  override func ready(_ readiness: Readiness) { receive() }

  override func runLater() { receive() }

  private func receive() {
    for _ in 0..<Self.datagramsPerTurn {
      guard let number = socket?.number else { return }
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let buffer = relay.buffer
      let count = withUnsafeMutablePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          recvfrom(number, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT), $0, &length)
        }
      }
      if count < 0 {
        if errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR { flow.failed() }
        return
      }
      let datagram = UnsafeRawBufferPointer(rebasing: buffer[..<min(count, buffer.count)])
      let source = SocketAddress(&storage, length: length)
      if isInside, source != flow.key.source {
        // It came between bind and connect, from another of the app's sockets.
        relay.received(datagram, UDPFlow.Key(source: source, destination: flow.key.destination))
      } else {
        flow.pass(datagram, fromInside: isInside)
      }
    }
    relay.loop.later(self)
  }

  /// What cannot be sent is lost, as datagrams may be.
  func send(_ datagram: UnsafeRawBufferPointer) {
    guard let number = socket?.number else { return }
    let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
    _ = Glibc.send(number, datagram.baseAddress, datagram.count, flags)
  }

  func close() {
    if let registration, let number = socket?.number { relay.loop.unwatch(registration, number) }
    registration = nil
    _ = socket.take()
  }
}
