/// One delay of its owner's. It belongs to a stored property of the handler that it calls, and is disarmed with it.
public struct Timer: ~Copyable {
  /// Kept so that the wheel outlives the node in it.
  private var wheel: TimerWheel?
  @usableFromInline var node: UnsafeMutablePointer<TimerNode>?

  package init() {}

  deinit {
    guard let node else { return }
    if node.pointee.list >= 0, let wheel { wheel.unlink(node) }
    node.deallocate()
  }

  @inlinable
  public var isArmed: Bool {
    guard let node else { return false }
    return node.pointee.deadline != TimerNode.never
  }

  /// (Re)starts the delay; ``EventHandler/timerFired(_:)`` of `handler`, the owner, is called with `id` once it is over.
  package mutating func arm(_ loop: EventLoop, _ handler: EventHandler, id: UInt8, after nanoseconds: Int64) {
    if let node { return loop.timers.arm(node, handler, id: id, after: nanoseconds) }
    let made = UnsafeMutablePointer<TimerNode>.allocate(capacity: 1)
    made.initialize(to: TimerNode())
    wheel = loop.timers
    node = made
    loop.timers.arm(made, handler, id: id, after: nanoseconds)
  }

  /// Ends the delay, where there is one. Next to nothing to pay: see ``TimerWheel``.
  @inlinable
  public mutating func disarm() { node?.pointee.deadline = TimerNode.never }
}
