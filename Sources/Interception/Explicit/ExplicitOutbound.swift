import Proxy
import Reactor

/// What becomes of the connections that come by a port of loopback: as of captured ones, once it is known where they go.
struct ExplicitOutbound: CapturePolicy {
  let entrance: CaptureEntrance
  let captured: CapturedOutbound

  func decide(_ destination: SocketAddress) -> CaptureDecision { captured.decide(destination) }

  func resolve(_ name: String, _ answer: @escaping @Sendable (SocketAddress?) -> Void) {
    captured.resolve(name, answer)
  }
}
