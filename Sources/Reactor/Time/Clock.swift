import Glibc
import Synchronization

/// Where a loop's time comes from. Nothing else in Pillion asks the system for the time.
package enum Clock: Sendable {
  /// The system's monotonic and real-time clocks.
  case system
  /// A clock that only its owner moves: a test sees a 30 s ejection end at once.
  case manual(ManualClock)

  /// Nanoseconds since an arbitrary start; never goes back.
  package var monotonicNanoseconds: Int64 {
    switch self {
    case .system: read(CLOCK_MONOTONIC)
    case .manual(let clock): clock.elapsedNanoseconds
    }
  }

  /// Nanoseconds since 1970-01-01 00:00 UTC.
  package var wallNanoseconds: Int64 {
    switch self {
    case .system: read(CLOCK_REALTIME)
    case .manual(let clock): clock.wallStartNanoseconds + clock.elapsedNanoseconds
    }
  }

  private func read(_ id: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(id, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }
}

/// Time that stands still until it is moved.
package final class ManualClock: Sendable {
  /// The wall-clock time at which this clock began: 2026-01-01 00:00 UTC.
  package let wallStartNanoseconds: Int64 = 1_767_225_600_000_000_000
  private let elapsed = Atomic<Int64>(0)

  package init() {}

  package var elapsedNanoseconds: Int64 { elapsed.load(ordering: .acquiring) }

  package func advance(milliseconds: Int64) {
    elapsed.wrappingAdd(milliseconds &* 1_000_000, ordering: .releasing)
  }
}
