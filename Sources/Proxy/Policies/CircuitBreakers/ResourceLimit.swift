import Synchronization

/// A count that all workers share, and its limit.
package final class ResourceLimit: Sendable {
  package let max: Int
  private let count = Atomic<Int>(0)
  private let wasExceeded = Atomic<Bool>(false)

  package init(max: Int) { self.max = max }

  package var current: Int { count.load(ordering: .relaxed) }

  /// What the `remaining_*` gauge shows.
  package var remaining: Int { Swift.max(0, max - current) }

  /// Whether there is room for one more (Envoy's `canCreate`).
  package var hasRoom: Bool { current < max }

  /// What the `*_open` gauge shows. Envoy sets it only as places are taken and given back: a limit of 0 counts as reached
  /// from the first that was taken beyond it.
  package var isOpen: Bool { !hasRoom && (max > 0 || wasExceeded.load(ordering: .relaxed)) }

  /// Takes a place where there is room; must then be given back with ``release()``.
  package func tryAcquire() -> Bool {
    if count.wrappingAdd(1, ordering: .relaxed).oldValue < max { return true }
    release()
    return false
  }

  /// Takes a place even beyond the limit, as Envoy does for a host's first connection.
  package func acquire() {
    if max == 0 { wasExceeded.store(true, ordering: .relaxed) }
    count.wrappingAdd(1, ordering: .relaxed)
  }

  package func release() { count.wrappingSubtract(1, ordering: .relaxed) }
}
