/// One delay of its owner's. It belongs to a stored property of the handler that it calls, and is disarmed with it.
package struct Timer: ~Copyable {
  private var wheel: TimerWheel?
  private var node: Int32 = -1

  package init() {}

  deinit {
    if let wheel { wheel.freeNode(node) }
  }

  package var isArmed: Bool {
    guard let wheel else { return false }
    return wheel.isArmed(node)
  }

  /// (Re)starts the delay; ``EventHandler/timerFired(_:)`` of `handler`, the owner, is called with `id` once it is over.
  package mutating func arm(_ loop: EventLoop, _ handler: EventHandler, id: UInt8, after nanoseconds: Int64) {
    if wheel == nil {
      wheel = loop.timers
      node = loop.timers.makeNode()
    }
    loop.timers.arm(node, handler, id: id, after: nanoseconds)
  }

  package mutating func disarm() {
    if let wheel { wheel.disarm(node) }
  }
}
