/// A worker's store of header maps, so that a message in the steady state allocates none.
package final class HeaderMapPool {
  /// Maps kept for the next message, so many of them, and of those that have grown large; more are freed.
  private static let kept = 1024
  private static let keptLarge = 64

  private var free: [HeaderMap] = []
  /// The worker's HTTP/2 sessions share it.
  let http2Memory = HTTP2Memory()

  package init() {}

  package func take() -> HeaderMap { free.popLast() ?? HeaderMap() }

  package func giveBack(_ map: consuming HeaderMap) {
    assert(!free.contains { $0 === map }, "given back twice: two messages would share it")
    map.removeAll()
    if free.count < (map.isLarge ? Self.keptLarge : Self.kept) { free.append(map) }
  }
}
