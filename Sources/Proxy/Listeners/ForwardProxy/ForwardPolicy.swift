import Reactor

/// Where a forward proxy's clients may go, and how. Asked once a connection, by workers.
package protocol ForwardPolicy: Sendable {
  /// Serves requests in absolute form where the filter chain for their destination speaks no HTTP.
  var requestListener: String { get }

  func decide(_ target: ForwardTarget) -> ForwardDecision
}

package enum ForwardDecision: Sendable, Equatable {
  /// As though the app had connected to this address.
  case serve(SocketAddress)
  /// To the listener of this name, as though the app had wanted to go to `destination`.
  case hand(listener: String, destination: SocketAddress)
  /// It is decided by the address that this name has for the host.
  case resolve(name: String)
  /// The client is told why, a sentence without its full stop.
  case refuse(reason: String)
}
