import Reactor

/// A connection to a port of loopback that stands for one name and port: it says nothing of its own, and is told nothing: why it is
/// refused stands in the log.
final class PortClient: ForwardClient {
  let remoteAddress: SocketAddress?
  private var socket: Descriptor?
  private let target: ForwardTarget
  private unowned let worker: Worker

  init(_ socket: consuming Descriptor, remote: SocketAddress?, _ target: ForwardTarget, _ worker: Worker) {
    remoteAddress = remote
    self.target = target
    self.worker = worker
    self.socket = .some(socket)
  }

  var carriesOneRequest: Bool { false }

  func finish() -> Descriptor? { socket.take() }

  func refuse(_ status: Int, _ reason: String) {
    guard let socket = socket.take() else { return }
    Sockets.resetOnClose(socket.number)
    worker.connectionRefused(to: target, reason)
  }

  func end() { _ = socket.take() }
}
