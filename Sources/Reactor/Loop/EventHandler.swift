/// Whatever the loop calls. A class, not a protocol: the call is one virtual call and nothing is boxed.
open class EventHandler {
  public init() {}

  /// The registered descriptor became ready.
  open func ready(_ readiness: Readiness) {}

  /// The timer armed with `id` has expired.
  open func timerFired(_ id: UInt8) {}

  /// The turn asked for by ``EventLoop/later(_:)`` has come.
  open func runLater() {}

  /// The events of the turn that asked for it by ``EventLoop/atTurnsEnd(_:)`` are dealt with.
  open func turnEnds() {}
}

/// What a descriptor is ready for (epoll_wait(2)).
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt32

  @inlinable
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Bytes, or the end, can be read.
  package static let readable = Readiness(rawValue: 0x001)
  /// Bytes can be written, or a connect has ended.
  package static let writable = Readiness(rawValue: 0x004)
  /// An error waits to be read from the socket.
  package static let failed = Readiness(rawValue: 0x008)
  /// Both directions are shut.
  package static let hungUp = Readiness(rawValue: 0x010)
  /// The peer has shut its sending side.
  package static let peerClosed = Readiness(rawValue: 0x2000)
}
