import Reactor
import Security

/// Where the workers find the present context of a filter chain or cluster; empty while its secrets are not there. Written
/// by the main loop: connections that stand keep the context they began with, new ones take the new one.
final class TLSContextSlot: Sendable {
  private let present: Locked<TLSContext?>

  init(_ context: TLSContext? = nil) { present = Locked(context) }

  var context: TLSContext? { present.withLock { $0 } }

  func put(_ context: TLSContext) { present.withLock { $0 = context } }
}
