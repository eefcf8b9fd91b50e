/// Earliest deadline first over host indices: each pick takes the entry with the nearest deadline and puts it back
/// 1 / weight later, which gives every host its share and spreads it evenly. Equal deadlines go in the order of insertion.
///
/// A pick costs O(log n) and allocates nothing.
struct EDFScheduler {
  private struct Entry {
    var deadline: Double
    var order: UInt64
    var host: Int

    func precedes(_ other: Entry) -> Bool {
      deadline < other.deadline || (deadline == other.deadline && order < other.order)
    }
  }

  /// A binary heap, the next pick first.
  private var heap: [Entry] = []
  private var now = 0.0
  private var nextOrder: UInt64 = 0

  var isEmpty: Bool { heap.isEmpty }

  mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

  /// Starts again with hosts 0..<count, as after `phase` of a round (0 ..< 1) in which each host is picked `weight`
  /// times: workers that start at different phases do not all begin with the same host.
  mutating func rebuild(count: Int, phase: Double, weight: (Int) -> Double) {
    heap.removeAll(keepingCapacity: true)
    heap.reserveCapacity(count)
    now = phase
    nextOrder = 0
    for host in 0..<count {
      let weight = usable(weight(host))
      heap.append(Entry(deadline: ((phase * weight).rounded(.down) + 1) / weight, order: nextOrder, host: host))
      nextOrder &+= 1
    }
    for index in stride(from: count / 2 - 1, through: 0, by: -1) { siftDown(from: index) }
  }

  /// The next host. It is put back with the weight it has now.
  mutating func pickAndAdd(weight: (Int) -> Double) -> Int? {
    guard let picked = heap.first else { return nil }
    now = picked.deadline
    heap[0] = Entry(deadline: now + 1 / usable(weight(picked.host)), order: nextOrder, host: picked.host)
    nextOrder &+= 1
    siftDown(from: 0)
    return picked.host
  }

  /// Weights are positive by Envoy's validation; a zero would be picked at once and for ever.
  private func usable(_ weight: Double) -> Double { max(weight, 1e-9) }

  private mutating func siftDown(from start: Int) {
    var parent = start
    let moved = heap[parent]
    while true {
      var child = 2 * parent + 1
      if child >= heap.count { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      if !heap[child].precedes(moved) { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = moved
  }
}
