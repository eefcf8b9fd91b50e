import Reactor

/// Envoy's ROUND_ROBIN: an index that goes round while all weights are equal, else earliest deadline first.
package struct RoundRobin {
  private var index: UInt
  private var hostCount = 0
  private var edf = EDFScheduler()

  /// Begins at a random host, so that workers and proxies do not move in step.
  package init(random: inout RandomGenerator) { index = UInt(truncatingIfNeeded: random.next()) }

  /// To be called whenever the hosts to choose from or their weights have changed.
  package mutating func hostsChanged(count: Int, weight: (Int) -> UInt32, random: inout RandomGenerator) {
    hostCount = count
    if weightsAreEqual(count: count, weight) {
      edf.removeAll()
    } else {
      edf.rebuild(count: count, phase: random.fraction()) { Double(weight($0)) }
    }
  }

  /// The host for the next request: an index below `count`, nil without hosts.
  package mutating func pick(count: Int, weight: (Int) -> UInt32, random: inout RandomGenerator) -> Int? {
    if count != hostCount { hostsChanged(count: count, weight: weight, random: &random) }
    if count == 0 { return nil }
    if edf.isEmpty {
      defer { index &+= 1 }
      return Int(index % UInt(count))
    }
    return edf.pickAndAdd { Double(weight($0)) }
  }
}

/// Envoy makes no schedule when every host weighs the same: going round does as well and costs less.
func weightsAreEqual(count: Int, _ weight: (Int) -> UInt32) -> Bool {
  if count <= 1 { return true }
  let first = weight(0)
  for host in 1..<count where weight(host) != first { return false }
  return true
}

extension RandomGenerator {
  /// A number in 0 ..< 1.
  mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
