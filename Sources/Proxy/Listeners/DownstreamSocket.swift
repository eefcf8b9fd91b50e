import Reactor

/// What was learned of an accepted connection before its filter chain was chosen. Connections of listeners without listener
/// filters have none.
final class DownstreamSocket {
  /// As the ClientHello says, in lower case; empty for none.
  let serverName: [UInt8]
  /// Why the first bytes were no ClientHello, where somebody looked.
  let inspectionFailure: ClientHello.Failure?

  init(serverName: [UInt8] = [], inspectionFailure: ClientHello.Failure? = nil) {
    self.serverName = serverName
    self.inspectionFailure = inspectionFailure
  }
}
