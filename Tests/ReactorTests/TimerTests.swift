import Testing

@testable import Reactor

/// Notes, in order, which of its timers fired and when.
private final class Recorder: EventHandler {
  var fired: [(id: UInt8, at: Int64)] = []
  var timers: [UInt8: Box] = [:]
  let loop: EventLoop

  final class Box { var timer = Timer() }

  init(_ loop: EventLoop) {
    self.loop = loop
    super.init()
  }

  func arm(_ id: UInt8, milliseconds: Int64) {
    let box = timers[id] ?? Box()
    timers[id] = box
    box.timer.arm(loop, self, id: id, after: milliseconds * 1_000_000)
  }

  override func timerFired(_ id: UInt8) { fired.append((id, loop.now / 1_000_000)) }
}

private func makeLoop() throws -> (EventLoop, ManualClock) {
  let clock = ManualClock()
  return (try EventLoop(clock: .manual(clock), random: RandomGenerator(seed: 1)), clock)
}

@Suite struct TimerTests {
  @Test func firesOnceAtItsDeadlineAndNeverBefore() throws {
    let (loop, clock) = try makeLoop()
    let recorder = Recorder(loop)
    recorder.arm(1, milliseconds: 30)
    clock.advance(milliseconds: 29)
    loop.turn(waiting: false)
    #expect(recorder.fired.isEmpty)
    clock.advance(milliseconds: 1)
    loop.turn(waiting: false)
    #expect(recorder.fired.map(\.id) == [1])
    clock.advance(milliseconds: 1000)
    loop.turn(waiting: false)
    #expect(recorder.fired.count == 1)
  }

  @Test func thirtySecondsEndAtOnceWhenTheClockIsMoved() throws {
    let (loop, clock) = try makeLoop()
    let recorder = Recorder(loop)
    recorder.arm(1, milliseconds: 30_000)
    clock.advance(milliseconds: 30_000)
    loop.turn(waiting: false)
    #expect(recorder.fired.count == 1)
  }

  @Test func disarmingAndArmingAnew() throws {
    let (loop, clock) = try makeLoop()
    let recorder = Recorder(loop)
    recorder.arm(1, milliseconds: 10)
    recorder.arm(2, milliseconds: 10)
    recorder.timers[1]?.timer.disarm()
    recorder.arm(2, milliseconds: 50)
    clock.advance(milliseconds: 10)
    loop.turn(waiting: false)
    #expect(recorder.fired.isEmpty)
    clock.advance(milliseconds: 40)
    loop.turn(waiting: false)
    #expect(recorder.fired.map(\.id) == [2])
    #expect(recorder.timers[2]?.timer.isArmed == false)
  }

  @Test func aTimerEndsWithItsOwner() throws {
    let (loop, clock) = try makeLoop()
    var recorder: Recorder? = Recorder(loop)
    recorder?.arm(1, milliseconds: 10)
    recorder = nil
    clock.advance(milliseconds: 20)
    loop.turn(waiting: false)
    #expect(loop.timers.nextExpiration == nil)
  }

  @Test func hugeAndNegativeDelaysAreHarmless() throws {
    let (loop, clock) = try makeLoop()
    let recorder = Recorder(loop)
    recorder.timers[1] = Recorder.Box()
    recorder.timers[1]?.timer.arm(loop, recorder, id: 1, after: Int64.max)
    recorder.arm(2, milliseconds: -5)
    clock.advance(milliseconds: 1)
    loop.turn(waiting: false)
    #expect(recorder.fired.map(\.id) == [2])
    clock.advance(milliseconds: 1_000_000_000)
    loop.turn(waiting: false)
    #expect(recorder.fired.count == 1)
  }

  /// Against a list that is simply searched: thousands of timers of all lengths, the clock moved by random steps.
  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func agreesWithASimpleModel(seed: UInt64) throws {
    let (loop, clock) = try makeLoop()
    var random = RandomGenerator(seed: seed)
    let recorder = Recorder(loop)
    var expected: [UInt8: Int64] = [:]
    for _ in 0..<3000 {
      let now = clock.elapsedNanoseconds / 1_000_000
      let id = UInt8(random.below(200))
      switch random.below(4) {
      case 0, 1:
        let delay = Int64(1 << random.below(22)) + Int64(random.below(50))
        recorder.arm(id, milliseconds: delay)
        expected[id] = now + delay
      case 2:
        recorder.timers[id]?.timer.disarm()
        expected[id] = nil
      default:
        clock.advance(milliseconds: Int64(random.below(1 << random.below(20))))
        recorder.fired = []
        loop.turn(waiting: false)
        let time = clock.elapsedNanoseconds / 1_000_000
        let due = expected.filter { $0.value <= time }
        #expect(Set(recorder.fired.map(\.id)) == Set(due.keys))
        let order = recorder.fired.compactMap { expected[$0.id] }
        #expect(order == order.sorted())
        for id in due.keys { expected[id] = nil }
      }
    }
  }
}
