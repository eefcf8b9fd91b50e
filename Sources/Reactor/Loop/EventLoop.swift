import CLinux
import Glibc

/// One thread's loop: descriptors, timers, mail from other threads, and the only source of time and chance for what
/// lives on it. Everything on a loop belongs to that loop's thread; nothing here is Sendable.
///
/// Descriptors are registered once, edge-triggered, for both directions (docs/RATIONALE.md): a handler reads until a
/// short read, and writes until the kernel is full.
public final class EventLoop {
  private struct Slot {
    /// Retained from ``register(_:_:)`` to the end of the turn of ``deregister(_:)``.
    var handler: Unmanaged<EventHandler>?
    var generation: UInt32
  }

  private static let eventsPerWait = 256

  package let clock: Clock
  public let pool = BlockPool()
  let timers: TimerWheel
  /// A buffer that is free for one handler's call at a time: what it holds is gone with the next read.
  let readBuffer: UnsafeMutableRawBufferPointer
  // What a request looks at is public: a package's own access is a call across targets, and a retain around it.
  public var random: RandomGenerator
  /// The clock's time at the beginning of this turn, in nanoseconds.
  public internal(set) var now: Int64
  @usableFromInline var wallOffset: Int64

  private let epoll: Descriptor
  private let events: UnsafeMutablePointer<epoll_event>
  private var slots: [Slot] = []
  private var freeSlots: [UInt32] = []
  /// Retained until they have run.
  private var laterQueue: [Unmanaged<EventHandler>] = []
  private var laterRunning: [Unmanaged<EventHandler>] = []
  private var flushQueue: [Unmanaged<EventHandler>] = []
  private var turnEndQueue: [Unmanaged<EventHandler>] = []
  private var stopped = false
  /// Counts the turns: a handler that could go on for ever can tell when it has had its share of one.
  package private(set) var turns: UInt64 = 0

  /// - Throws: the system has no descriptor or no memory for the loop.
  package init(clock: Clock = .system, random: RandomGenerator = RandomGenerator()) throws(SystemError) {
    self.clock = clock
    self.random = random
    epoll = try Descriptor(checking: epoll_create1(Int32(EPOLL_CLOEXEC)), "epoll_create1")
    events = .allocate(capacity: Self.eventsPerWait)
    readBuffer = .allocate(byteCount: Self.readBufferSize, alignment: 64)
    now = clock.monotonicNanoseconds
    wallOffset = clock.wallNanoseconds - now
    timers = TimerWheel(now: now)
  }

  deinit {
    for slot in slots { slot.handler?.release() }
    for handler in laterQueue { handler.release() }
    events.deallocate()
    readBuffer.deallocate()
  }

  /// Bytes read from a socket in one call at most.
  package static let readBufferSize = 128 * 1024

  /// Nanoseconds since 1970 at the beginning of this turn.
  @inlinable
  public var wallNow: Int64 { now &+ wallOffset }

  // MARK: Descriptors

  /// Calls `handler` whenever `descriptor` becomes ready. The loop keeps the handler alive until ``deregister(_:)``.
  package func register(_ descriptor: Int32, _ handler: EventHandler) throws(SystemError) -> Registration {
    let index = freeSlots.popLast() ?? UInt32(slots.count)
    if Int(index) == slots.count { slots.append(Slot(handler: nil, generation: 0)) }
    let registration = Registration(index: index, generation: slots[Int(index)].generation)
    var event = epoll_event()
    event.events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | UInt32(bitPattern: 1 << 31)
    event.data.u64 = UInt64(registration.generation) << 32 | UInt64(index)
    guard epoll_ctl(epoll.number, EPOLL_CTL_ADD, descriptor, &event) == 0 else {
      freeSlots.append(index)
      throw SystemError("epoll_ctl")
    }
    slots[Int(index)].handler = .passRetained(handler)
    return registration
  }

  /// Forgets the handler; events of this turn that still wait for it are dropped. Closing the descriptor, which takes it
  /// out of epoll, is the caller's.
  package func deregister(_ registration: Registration) {
    let index = Int(registration.index)
    guard index < slots.count, slots[index].generation == registration.generation else { return }
    if let handler = slots[index].handler { release(handler.takeRetainedValue()) }
    slots[index].handler = nil
    slots[index].generation &+= 1
    freeSlots.append(registration.index)
  }

  /// Forgets the handler of a descriptor that stays open, so that another can be registered for it.
  package func unwatch(_ registration: Registration, _ descriptor: Int32) {
    epoll_ctl(epoll.number, EPOLL_CTL_DEL, descriptor, nil)
    deregister(registration)
  }

  // MARK: Turns

  /// Calls ``EventHandler/runLater()`` once, at the end of this turn.
  package func later(_ handler: EventHandler) { laterQueue.append(.passRetained(handler)) }

  /// Calls ``EventHandler/runLater()`` right after the handler that runs now: for what is to be sent in one piece.
  /// - Parameter handler: not retained. It lives to the end of the turn: it is registered, or its owner sees to it.
  package func soon(_ handler: EventHandler) { flushQueue.append(.passUnretained(handler)) }

  /// Calls ``EventHandler/turnEnds()`` once all handlers of this turn have run: for what several of them add to.
  /// - Parameter handler: not retained, as with ``soon(_:)``.
  package func atTurnsEnd(_ handler: EventHandler) { turnEndQueue.append(.passUnretained(handler)) }

  /// Keeps an object that is let go of to the end of the turn: its methods may be on the stack.
  package func release(_ object: AnyObject) { released.append(object) }

  package func run() {
    stopped = false
    while !stopped { turn(waiting: true) }
  }

  package func stop() { stopped = true }

  /// One round: wait (or not) for events, carry them out, fire what has expired.
  package func turn(waiting: Bool) {
    runSoon()
    let timeout = waiting && laterQueue.isEmpty && turnEndQueue.isEmpty ? waitMilliseconds() : 0
    let count = epoll_wait(epoll.number, events, Int32(Self.eventsPerWait), timeout)
    refreshTime()
    var index = 0
    while index < Int(count) {
      dispatch(events[index])
      index += 1
    }
    timers.advance(to: now, after: { runSoon() })
    runLater()
  }

  private func refreshTime() {
    now = clock.monotonicNanoseconds
    timers.now = now
    if now >= nextWallCheck {
      wallOffset = clock.wallNanoseconds - now
      nextWallCheck = now &+ 100_000_000
    }
  }

  /// The wall clock may be set at any time; it is asked again this often, not with each turn.
  private var nextWallCheck: Int64 = 0

  private func waitMilliseconds() -> Int32 {
    guard let deadline = timers.nextExpiration else { return -1 }
    if case .manual = clock { return -1 }
    let delay = deadline &- clock.monotonicNanoseconds
    return delay <= 0 ? 0 : Int32(clamping: (delay &+ 999_999) / 1_000_000)
  }

  private func dispatch(_ event: epoll_event) {
    let data = event.data.u64
    let index = Int(data & 0xffff_ffff)
    guard index < slots.count, slots[index].generation == UInt32(truncatingIfNeeded: data >> 32),
      let handler = slots[index].handler
    else { return }
    handler._withUnsafeGuaranteedRef { $0.ready(Readiness(rawValue: event.events)) }
    runSoon()
  }

  private func runSoon() {
    while let handler = flushQueue.popLast() { handler._withUnsafeGuaranteedRef { $0.runLater() } }
  }

  private func runLater() {
    turns &+= 1
    if !laterQueue.isEmpty {
      swap(&laterQueue, &laterRunning)
      // By index, since iterating would retain the list.
      for index in laterRunning.indices {
        let handler = laterRunning[index]
        handler._withUnsafeGuaranteedRef { $0.runLater() }
        handler.release()
        runSoon()
      }
      laterRunning.removeAll(keepingCapacity: true)
    }
    while let handler = turnEndQueue.popLast() {
      handler._withUnsafeGuaranteedRef { $0.turnEnds() }
      runSoon()
    }
    if !released.isEmpty { released.removeAll(keepingCapacity: true) }
  }

  private var released: [AnyObject] = []
}

/// A descriptor's place in its loop: stale ones are recognised by their generation.
package struct Registration {
  package let index: UInt32
  package let generation: UInt32
}
