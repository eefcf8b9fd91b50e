import Reactor

/// What becomes of the connections that an app was made to bring to a listener (docs/architecture.md, Interception). Asked
/// once a connection, by workers, before anything else.
package protocol CapturePolicy: Sendable {
  /// Where a redirected connection wanted to go, by its socket; nil for one that was not, which is reset.
  func destination(of socket: Int32) -> SocketAddress?

  /// - Parameter destination: where the app wanted to go.
  func decide(_ destination: SocketAddress) -> CaptureDecision

  /// Looks up a name of ``CaptureDecision/resolve(name:)``; `answer` is called once, on any thread, with nil for a name
  /// that has no address. Its port does not count.
  func resolve(_ name: String, _ answer: @escaping @Sendable (SocketAddress?) -> Void)

  /// How it is known where a connection wants to go.
  var entrance: CaptureEntrance { get }
}

extension CapturePolicy {
  package var entrance: CaptureEntrance { .redirected }

  /// As the kernel has it.
  package func destination(of socket: Int32) -> SocketAddress? { Sockets.originalDestination(socket) }
}

package enum CaptureEntrance: Sendable {
  /// The kernel has redirected it.
  case redirected
  /// Its client says so, and takes the listener for its forward proxy.
  case forwardProxy(any ForwardPolicy)
  /// It goes where all go that come to this listener, as a tunnel of the listener of that name, which is a forward proxy.
  case port(ForwardTarget, through: String)
}

package enum CaptureDecision: Sendable, Equatable {
  /// As the configuration says.
  case serve
  /// To the listener of this name, as though the app had wanted to go to `destination`.
  case hand(listener: String, destination: SocketAddress)
  /// As though the app had wanted to go to the address that this name has for the host, at the same port.
  case resolve(name: String)
  /// The app finds it refused.
  case reset
}
