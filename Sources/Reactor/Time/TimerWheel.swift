/// One timer's place in a wheel. Its ``Timer`` owns the memory.
@usableFromInline
struct TimerNode {
  /// Not retained: the timer belongs to its handler, and ends with it.
  var handler: Unmanaged<EventHandler>?
  /// The tick at which it is to fire; ``never`` while not armed.
  @usableFromInline var deadline = never
  /// The tick at which the wheel looks at it: that of its list, at or before `deadline`.
  var lookup: Int64 = 0
  var next: UnsafeMutablePointer<TimerNode>?
  var previous: UnsafeMutablePointer<TimerNode>?
  /// Level * 64 + slot; -1 while in none.
  var list: Int32 = -1
  var id: UInt8 = 0

  @usableFromInline static let never = Int64.max
}

/// The timers of a loop: a hierarchical wheel of eleven levels of 64 slots, a tick being one millisecond. Arming and
/// disarming are O(1) and allocate nothing once the node exists; a level's slots cascade down as time passes.
///
/// Most timers are disarmed long before they fire, and armed again for later: a request's timeout, say. So disarming only
/// notes that nothing is wanted, and arming for later only notes the time: the node stays in its list, and when that comes
/// up it is dropped, or moved to where it belongs. The price is a turn of the loop, now and then, in which nothing fires.
///
/// A timer fires at the first turn at or after its deadline, never before; the lateness is under 1 ms plus the turn's.
@usableFromInline
final class TimerWheel {
  typealias Node = UnsafeMutablePointer<TimerNode>

  private struct List {
    var head: Node?
    var tail: Node?
  }

  private static let levels = 11
  private static let nanosecondsPerTick: Int64 = 1_000_000
  /// A deadline beyond it would not be rounded up to a tick without overflow: for ever, in practice.
  private static let latest = Int64.max - 2 * nanosecondsPerTick

  var now: Int64
  private var elapsed: Int64
  private let lists: UnsafeMutablePointer<List>
  /// A bit for each slot of a level that has something.
  private let occupied: UnsafeMutablePointer<UInt64>

  init(now: Int64) {
    self.now = now
    elapsed = now / Self.nanosecondsPerTick
    lists = .allocate(capacity: Self.levels * 64)
    lists.initialize(repeating: List(), count: Self.levels * 64)
    occupied = .allocate(capacity: Self.levels)
    occupied.initialize(repeating: 0, count: Self.levels)
  }

  deinit {
    lists.deallocate()
    occupied.deallocate()
  }

  // MARK: Arming

  func arm(_ node: Node, _ handler: EventHandler, id: UInt8, after nanoseconds: Int64) {
    let (time, overflow) = now.addingReportingOverflow(max(0, nanoseconds))
    let deadline = overflow ? Self.latest : min(time, Self.latest)
    node.pointee.handler = Unmanaged.passUnretained(handler)
    node.pointee.id = id
    let tick = (deadline + Self.nanosecondsPerTick - 1) / Self.nanosecondsPerTick
    node.pointee.deadline = tick
    if node.pointee.list >= 0 {
      if node.pointee.lookup <= tick { return }
      unlink(node)
    }
    link(node)
  }

  /// Takes a node out of its list.
  func unlink(_ node: Node) {
    let list = Int(node.pointee.list)
    let next = node.pointee.next
    let previous = node.pointee.previous
    if let previous { previous.pointee.next = next } else { lists[list].head = next }
    if let next { next.pointee.previous = previous } else { lists[list].tail = previous }
    node.pointee.list = -1
    if lists[list].head == nil { occupied[list >> 6] &= ~(1 &<< UInt64(list & 63)) }
  }

  private func link(_ node: Node) {
    let deadline = max(node.pointee.deadline, elapsed + 1)
    node.pointee.lookup = deadline
    let distance = UInt64(bitPattern: elapsed ^ deadline) | 63
    let level = (63 - distance.leadingZeroBitCount) / 6
    let slot = Int(deadline >> Int64(6 * level)) & 63
    let list = level * 64 + slot
    let tail = lists[list].tail
    node.pointee.list = Int32(truncatingIfNeeded: list)
    node.pointee.next = nil
    node.pointee.previous = tail
    if let tail { tail.pointee.next = node } else { lists[list].head = node }
    lists[list].tail = node
    occupied[level] |= 1 &<< UInt64(slot)
  }

  // MARK: Time

  /// When to look again, in nanoseconds of the loop's clock: a timer's deadline, or an earlier cascade. Nil: never.
  var nextExpiration: Int64? {
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
  func advance(to time: Int64, after: () -> Void) {
    let target = time / Self.nanosecondsPerTick
    while let (level, slot, tick) = nextList(), tick <= target {
      elapsed = tick
      empty(list: level * 64 + slot, after: after)
    }
    elapsed = max(elapsed, target)
  }

  /// Fires what is due in the list, and moves the rest to lower levels.
  private func empty(list: Int, after: () -> Void) {
    while let node = lists[list].head {
      unlink(node)
      if node.pointee.deadline == TimerNode.never { continue }
      if node.pointee.deadline > elapsed {
        link(node)
        continue
      }
      node.pointee.deadline = TimerNode.never
      if let handler = node.pointee.handler?.takeUnretainedValue() {
        handler.timerFired(node.pointee.id)
        after()
      }
    }
  }
}
