import Reactor

/// What becomes of the connections that an app was made to bring to a listener (docs/architecture.md, Interception). Asked
/// once a connection, by workers, before anything else.
package protocol CapturePolicy: Sendable {
  /// - Parameter destination: where the app wanted to go.
  func decide(_ destination: SocketAddress) -> CaptureDecision
}

package enum CaptureDecision: Sendable, Equatable {
  /// As the configuration says.
  case serve
  /// To the listener of this name, as though the app had wanted to go to `destination`.
  case hand(listener: String, destination: SocketAddress)
  /// The app finds it refused.
  case reset
}
