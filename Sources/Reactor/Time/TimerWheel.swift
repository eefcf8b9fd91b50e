/// The timers of a loop: a hierarchical wheel of eleven levels of 64 slots, a tick being one millisecond. Arming and
/// disarming are O(1) and allocate nothing once the node exists; a level's slots cascade down as time passes.
///
/// A timer fires at the first turn at or after its deadline, never before; the lateness is under 1 ms plus the turn's.
package final class TimerWheel {
  private struct Node {
    var handler: Unmanaged<EventHandler>?
    var deadline: Int64 = 0
    var next: Int32 = -1
    var previous: Int32 = -1
    /// Level * 64 + slot; -1 while not armed.
    var list: Int16 = -1
    var id: UInt8 = 0
  }

  private static let levels = 11
  private static let nanosecondsPerTick: Int64 = 1_000_000

  package var now: Int64
  private var elapsed: Int64
  private var nodes: [Node] = []
  private var freeNodes: [Int32] = []
  private var heads: [Int32]
  private var tails: [Int32]
  private var occupied: InlineArray<11, UInt64> = .init(repeating: 0)

  init(now: Int64) {
    self.now = now
    elapsed = now / Self.nanosecondsPerTick
    heads = Array(repeating: -1, count: Self.levels * 64)
    tails = heads
  }

  // MARK: Nodes

  func makeNode() -> Int32 {
    if let node = freeNodes.popLast() { return node }
    nodes.append(Node())
    return Int32(nodes.count - 1)
  }

  func freeNode(_ index: Int32) {
    disarm(index)
    nodes[Int(index)].handler = nil
    freeNodes.append(index)
  }

  func isArmed(_ index: Int32) -> Bool { nodes[Int(index)].list >= 0 }

  /// The handler is not retained: the ``Timer`` that owns the node belongs to it, and ends with it.
  func arm(_ index: Int32, _ handler: EventHandler, id: UInt8, after nanoseconds: Int64) {
    disarm(index)
    let (time, overflow) = now.addingReportingOverflow(max(0, nanoseconds))
    let deadline = overflow ? Int64.max - Self.nanosecondsPerTick : time
    nodes[Int(index)].handler = Unmanaged.passUnretained(handler)
    nodes[Int(index)].id = id
    nodes[Int(index)].deadline = (deadline + Self.nanosecondsPerTick - 1) / Self.nanosecondsPerTick
    link(index)
  }

  func disarm(_ index: Int32) {
    let list = nodes[Int(index)].list
    if list < 0 { return }
    let next = nodes[Int(index)].next
    let previous = nodes[Int(index)].previous
    if previous >= 0 { nodes[Int(previous)].next = next } else { heads[Int(list)] = next }
    if next >= 0 { nodes[Int(next)].previous = previous } else { tails[Int(list)] = previous }
    nodes[Int(index)].list = -1
    if heads[Int(list)] < 0 { occupied[Int(list) >> 6] &= ~(1 << UInt64(list & 63)) }
  }

  private func link(_ index: Int32) {
    let deadline = max(nodes[Int(index)].deadline, elapsed + 1)
    let distance = UInt64(bitPattern: elapsed ^ deadline) | 63
    let level = (63 - distance.leadingZeroBitCount) / 6
    let slot = Int(deadline >> Int64(6 * level)) & 63
    let list = level * 64 + slot
    nodes[Int(index)].list = Int16(list)
    nodes[Int(index)].next = -1
    nodes[Int(index)].previous = tails[list]
    if tails[list] >= 0 { nodes[Int(tails[list])].next = index } else { heads[list] = index }
    tails[list] = index
    occupied[level] |= 1 << UInt64(slot)
  }

  // MARK: Time

  /// When to look again, in nanoseconds of the loop's clock: a timer's deadline, or an earlier cascade. Nil: never.
  package var nextExpiration: Int64? {
    guard let (_, _, tick) = nextList() else { return nil }
    return tick &* Self.nanosecondsPerTick
  }

  /// The next list that has something, and the tick at which it comes up.
  private func nextList() -> (level: Int, slot: Int, tick: Int64)? {
    for level in 0..<Self.levels where occupied[level] != 0 {
      let shift = Int64(6 * level)
      let current = Int(elapsed >> shift) & 63
      let mask = occupied[level]
      let rotated = current == 0 ? mask : (mask >> UInt64(current)) | (mask << UInt64(64 - current))
      let slot = (current + rotated.trailingZeroBitCount) & 63
      let span = Int64(1) << min(62, shift + 6)
      var tick = (elapsed & ~(span - 1)) + (Int64(slot) << shift)
      if tick <= elapsed { tick += span }
      return (level, slot, tick)
    }
    return nil
  }

  /// Fires, in order of their deadlines, all timers whose deadline is not after `time`; calls `after` behind each.
  package func advance(to time: Int64, after: () -> Void) {
    let target = time / Self.nanosecondsPerTick
    while let (level, slot, tick) = nextList(), tick <= target {
      elapsed = tick
      if level == 0 {
        fire(list: slot, after: after)
      } else {
        cascade(list: level * 64 + slot, after: after)
      }
    }
    elapsed = max(elapsed, target)
  }

  private func fire(list: Int, after: () -> Void) {
    while heads[list] >= 0, nodes[Int(heads[list])].deadline <= elapsed {
      fire(heads[list], after: after)
    }
  }

  private func fire(_ index: Int32, after: () -> Void) {
    disarm(index)
    guard let handler = nodes[Int(index)].handler?.takeUnretainedValue() else { return }
    handler.timerFired(nodes[Int(index)].id)
    after()
  }

  private func cascade(list: Int, after: () -> Void) {
    var index = heads[list]
    while index >= 0 {
      disarm(index)
      if nodes[Int(index)].deadline <= elapsed {
        fire(index, after: after)
      } else {
        link(index)
      }
      index = heads[list]
    }
  }
}
