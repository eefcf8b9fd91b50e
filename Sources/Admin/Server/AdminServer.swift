import EnvoyConfig
import HTTP
import Reactor

/// Serves the admin interface over HTTP/1.1 on the main loop: few connections, small requests, replies made whole.
package final class AdminServer {
  /// Connections at a time; those beyond are closed at once, so that the interface cannot be used against the proxy.
  static let connectionLimit = 256

  let loop: EventLoop
  let handler: AdminHandler
  let headerMaps = HeaderMapPool()
  package let address: Reactor.SocketAddress
  private var acceptor: Acceptor?
  private var connections: [ObjectIdentifier: AdminConnection] = [:]

  /// - Throws: the address is in use, forbidden, or none of this machine's.
  package init(_ loop: EventLoop, on wanted: Reactor.SocketAddress, _ handler: AdminHandler) throws(SystemError) {
    self.loop = loop
    self.handler = handler
    let socket = try Sockets.bind(to: wanted, reusePort: false)
    try Sockets.listen(socket.number, backlog: 128)
    address = Sockets.localAddress(socket.number) ?? wanted
    acceptor = try Acceptor(
      loop, listeningOn: socket, accepted: { [unowned self] socket, _ in accept(socket) }, failed: { _ in })
  }

  private func accept(_ socket: consuming Descriptor) {
    guard connections.count < Self.connectionLimit,
      let connection = try? Connection(loop, taking: socket, connecting: false)
    else { return }
    let served = AdminConnection(self, connection)
    connection.delegate = served
    connections[ObjectIdentifier(served)] = served
  }

  func remove(_ connection: AdminConnection) { connections[ObjectIdentifier(connection)] = nil }
}
