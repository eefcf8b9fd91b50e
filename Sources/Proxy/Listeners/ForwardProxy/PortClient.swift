import Reactor

/// A connection to a port of loopback that stands for one name and port: it says nothing of its own, and is told nothing.
final class PortClient: ForwardClient {
  let remoteAddress: SocketAddress?
  private var socket: Descriptor?

  init(_ socket: consuming Descriptor, remote: SocketAddress?) {
    remoteAddress = remote
    self.socket = .some(socket)
  }

  var carriesOneRequest: Bool { false }

  func finish() -> Descriptor? { socket.take() }

  func refuse(_ status: Int, _ reason: String) {
    if let socket = socket.take() { Sockets.resetOnClose(socket.number) }
  }

  func end() { _ = socket.take() }
}
