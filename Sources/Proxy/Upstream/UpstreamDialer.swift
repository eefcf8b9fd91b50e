import Reactor

/// Begins connections to hosts that are reached elsewhere than here: in the network namespace of an app
/// (docs/architecture.md, Interception). Called by all workers.
package protocol UpstreamDialer: Sendable {
  /// As ``Sockets/connect(to:)``.
  func connect(to address: SocketAddress) throws(SystemError) -> Descriptor
}
