import Proxy
import Reactor

/// What becomes of trapped connections: as of others, once their token has said where they go.
struct TrappedOutbound: CapturePolicy {
  let tokens: TokenAddresses
  let captured: CapturedOutbound

  /// Nobody comes by an address that is no token but who was not sent.
  func destination(of socket: Int32) -> SocketAddress? {
    Sockets.localAddress(socket).flatMap { tokens.destination(of: $0) }
  }

  func decide(_ destination: SocketAddress) -> CaptureDecision { captured.decide(destination) }

  func resolve(_ name: String, _ answer: @escaping @Sendable (SocketAddress?) -> Void) {
    captured.resolve(name, answer)
  }
}
