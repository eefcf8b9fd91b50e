import EnvoyConfig
import Reactor
import Testing

@testable import Proxy

@Suite struct RoundRobinTests {
  @Test func equalWeightsGoRoundFromARandomStart() {
    var starts: Set<Int> = []
    for seed in 0..<50 {
      var random = RandomGenerator(seed: UInt64(seed))
      var balancer = RoundRobin(random: &random)
      let picks = (0..<8).compactMap { _ in balancer.pick(count: 4, weight: { _ in 7 }, random: &random) }
      starts.insert(picks[0])
      for index in 1..<8 { #expect(picks[index] == (picks[index - 1] + 1) % 4) }
    }
    #expect(starts == [0, 1, 2, 3])
  }

  @Test func noHostsGiveNone() {
    var random = RandomGenerator(seed: 1)
    var balancer = RoundRobin(random: &random)
    #expect(balancer.pick(count: 0, weight: { _ in 1 }, random: &random) == nil)
    #expect(balancer.pick(count: 1, weight: { _ in 1 }, random: &random) == 0)
    #expect(balancer.pick(count: 0, weight: { _ in 1 }, random: &random) == nil)
  }

  @Test func weightsAreSharesInEveryRound() {
    for seed in 0..<100 {
      var random = RandomGenerator(seed: UInt64(seed))
      let weights = (0..<(2 + random.below(6))).map { _ in UInt32(1 + random.below(9)) }
      var balancer = RoundRobin(random: &random)
      var counts = [Int](repeating: 0, count: weights.count)
      let round = Int(weights.reduce(0, +))
      for _ in 0..<(round * 20) {
        guard let host = balancer.pick(count: weights.count, weight: { weights[$0] }, random: &random) else {
          Issue.record("no host")
          return
        }
        counts[host] += 1
      }
      for host in weights.indices { #expect(abs(counts[host] - 20 * Int(weights[host])) <= 1, "seed \(seed)") }
    }
  }

  @Test func aChangedCountIsNoticed() {
    var random = RandomGenerator(seed: 3)
    var balancer = RoundRobin(random: &random)
    for count in [5, 2, 7, 1, 3] {
      for _ in 0..<20 {
        let host = balancer.pick(count: count, weight: { UInt32($0 + 1) }, random: &random)
        #expect(host.map { $0 < count } == true)
      }
    }
  }
}

@Suite struct EDFSchedulerTests {
  private func picks(_ weights: [Double], phase: Double, _ count: Int) -> [Int] {
    var scheduler = EDFScheduler()
    scheduler.rebuild(count: weights.count, phase: phase) { weights[$0] }
    return (0..<count).compactMap { _ in scheduler.pickAndAdd { weights[$0] } }
  }

  /// Deadlines 1/2, 1, 3/2 … against 1, 2 …: equal ones in the order of insertion.
  @Test func twoToOne() { #expect(picks([2, 1], phase: 0, 6) == [0, 1, 0, 0, 1, 0]) }

  @Test func equalWeightsKeepTheOrderOfInsertion() {
    #expect(picks([3, 3, 3], phase: 0, 7) == [0, 1, 2, 0, 1, 2, 0])
  }

  @Test func aPhaseSkipsIntoTheRound() { #expect(picks([4, 1], phase: 0.5, 4) == [0, 1, 0, 0]) }

  @Test func zeroWeightsDoNotStall() { #expect(picks([0, 1], phase: 0, 3) == [1, 1, 1]) }

  @Test func noHosts() { #expect(picks([], phase: 0.3, 2).isEmpty) }

  /// Against a scheduler that looks at all entries.
  @Test func heapEqualsScan() {
    var random = RandomGenerator(seed: 42)
    for _ in 0..<200 {
      let weights = (0..<(1 + random.below(12))).map { _ in Double(1 + random.below(20)) }
      var entries = weights.enumerated().map { (deadline: 1 / $1, order: $0, host: $0) }
      var order = entries.count
      var expected: [Int] = []
      for _ in 0..<60 {
        guard
          let first = entries.indices.min(by: {
            (entries[$0].deadline, entries[$0].order) < (entries[$1].deadline, entries[$1].order)
          })
        else { break }
        let host = entries[first].host
        expected.append(host)
        entries[first] = (entries[first].deadline + 1 / weights[host], order, host)
        order += 1
      }
      #expect(picks(weights, phase: 0, 60) == expected)
    }
  }
}

@Suite struct LeastRequestTests {
  private func config(choices: UInt32 = 2, bias: Double = 1) -> EnvoyConfig.Cluster.LeastRequestLbConfig {
    var config = EnvoyConfig.Cluster.LeastRequestLbConfig()
    config.choiceCount = choices
    config.activeRequestBias = bias
    return config
  }

  @Test func manyChoicesFindTheIdleHost() {
    var random = RandomGenerator(seed: 5)
    var balancer = LeastRequest(config(choices: 64))
    let active = [9, 4, 0, 7]
    for _ in 0..<50 {
      #expect(balancer.pick(count: 4, weight: { _ in 1 }, activeRequests: { active[$0] }, random: &random) == 2)
    }
  }

  @Test func twoChoicesNeverTakeTheBusiestUnlessDrawnTwice() {
    var random = RandomGenerator(seed: 6)
    var balancer = LeastRequest(config())
    let active = [100, 0, 0, 0]
    var busiest = 0
    for _ in 0..<16_000 {
      if balancer.pick(count: 4, weight: { _ in 1 }, activeRequests: { active[$0] }, random: &random) == 0 {
        busiest += 1
      }
    }
    #expect((800...1200).contains(busiest))
  }

  @Test func biasScalesWeights() {
    for (bias, shares) in [(0.0, [3000, 1000]), (1.0, [1000, 1000]), (2.0, [400, 1200])] {
      var random = RandomGenerator(seed: 7)
      var balancer = LeastRequest(config(bias: bias))
      let weights: [UInt32] = [3, 1]
      let active = [2, 0]
      var counts = [0, 0]
      for _ in 0..<shares.reduce(0, +) {
        let host = balancer.pick(
          count: 2, weight: { weights[$0] }, activeRequests: { active[$0] }, random: &random)
        if let host { counts[host] += 1 }
      }
      #expect(abs(counts[0] - shares[0]) <= 2, "bias \(bias): \(counts)")
    }
  }

  @Test func noHosts() {
    var random = RandomGenerator(seed: 8)
    var balancer = LeastRequest(config())
    #expect(balancer.pick(count: 0, weight: { _ in 1 }, activeRequests: { _ in 0 }, random: &random) == nil)
  }
}

@Suite struct LoadBalancerTests {
  @Test func randomIgnoresWeights() {
    var random = RandomGenerator(seed: 9)
    var balancer = LoadBalancer(.random, leastRequest: .init(), random: &random)
    var counts = [0, 0]
    for _ in 0..<10_000 {
      let host = balancer.pick(
        count: 2, weight: { $0 == 0 ? 100 : 1 }, activeRequests: { _ in 0 }, random: &random)
      if let host { counts[host] += 1 }
    }
    #expect((4800...5200).contains(counts[0]))
    #expect(balancer.pick(count: 0, weight: { _ in 1 }, activeRequests: { _ in 0 }, random: &random) == nil)
  }

  @Test(arguments: [EnvoyConfig.Cluster.LbPolicy.roundRobin, .leastRequest, .random])
  func everyPolicyPicksWithinBounds(_ policy: EnvoyConfig.Cluster.LbPolicy) {
    var random = RandomGenerator(seed: 10)
    var balancer = LoadBalancer(policy, leastRequest: .init(), random: &random)
    for _ in 0..<500 {
      let count = random.below(6)
      let weights = (0..<count).map { _ in UInt32(1 + random.below(3)) }
      let active = weights.map { _ in random.below(3) }
      balancer.hostsChanged(
        count: count, weight: { weights[$0] }, activeRequests: { active[$0] }, random: &random)
      let host = balancer.pick(
        count: count, weight: { weights[$0] }, activeRequests: { active[$0] }, random: &random)
      #expect(count == 0 ? host == nil : host.map { $0 < count } == true)
    }
  }
}

@Suite struct PriorityLoadTests {
  typealias Share = (Int, PriorityLoad.Source, Int)

  private func expect(_ load: PriorityLoad, _ shares: [Share]) {
    #expect(load.shares.map(\.priority) == shares.map(\.0))
    #expect(load.shares.map(\.source) == shares.map(\.1))
    #expect(load.shares.map(\.percent) == shares.map(\.2))
  }

  @Test(arguments: [
    (50.0, 2, 4, PriorityLoad.Source.healthyHosts),
    (50.0, 1, 3, .allHosts),
    (50.0, 0, 3, .allHosts),
    (50.0, 0, 0, .allHosts),
    (50.0, 3, 3, .healthyHosts),
    (0.0, 0, 3, .healthyHosts),
    (0.0, 0, 0, .healthyHosts),
    (0.0, 1, 30, .healthyHosts),
    // 4 of 5 count as 112 %: enough, whatever the threshold.
    (100.0, 4, 5, .healthyHosts),
    (100.0, 7, 10, .allHosts),
    (49.5, 1, 2, .healthyHosts),
    (50.6, 1, 2, .allHosts),
    (1000.0, 7, 10, .allHosts),
  ])
  func onePriority(_ percent: Double, _ healthy: Int, _ total: Int, _ source: PriorityLoad.Source) {
    expect(PriorityLoad([.init(healthy: healthy, total: total)], panicPercent: percent), [(0, source, 100)])
  }

  @Test func whatThePrioritiesCannotTakeGoesToTheNext() {
    let second = PriorityLoad.Health(healthy: 2, total: 2)
    expect(PriorityLoad([.init(healthy: 3, total: 4), second], panicPercent: 50), [(0, .healthyHosts, 100)])
    expect(
      PriorityLoad([.init(healthy: 2, total: 4), second], panicPercent: 50),
      [(0, .healthyHosts, 70), (1, .healthyHosts, 30)])
    expect(PriorityLoad([.init(healthy: 0, total: 4), second], panicPercent: 50), [(1, .healthyHosts, 100)])
    expect(PriorityLoad([.init(healthy: 0, total: 0), second], panicPercent: 50), [(1, .healthyHosts, 100)])
  }

  @Test func littleHealthIsScaledUp() {
    let little = PriorityLoad.Health(healthy: 1, total: 7)
    expect(PriorityLoad([little, little], panicPercent: 0), [(0, .healthyHosts, 50), (1, .healthyHosts, 50)])
    expect(
      PriorityLoad([little, little, little], panicPercent: 0),
      [(0, .healthyHosts, 34), (1, .healthyHosts, 33), (2, .healthyHosts, 33)])
  }

  @Test func degradedHostsTakeWhatIsLeft() {
    expect(
      PriorityLoad([.init(healthy: 1, degraded: 1, total: 2)], panicPercent: 50),
      [(0, .healthyHosts, 70), (0, .degradedHosts, 30)])
    expect(PriorityLoad([.init(healthy: 0, degraded: 2, total: 2)], panicPercent: 50), [(0, .degradedHosts, 100)])
  }

  @Test func inAPanicOfAllEachTakesItsPartOfTheHosts() {
    expect(
      PriorityLoad([.init(healthy: 0, total: 1), .init(healthy: 0, total: 2)], panicPercent: 50),
      [(0, .allHosts, 34), (1, .allHosts, 66)])
  }

  @Test func onlyThoseBelowTheThresholdPanic() {
    expect(
      PriorityLoad([.init(healthy: 1, total: 10), .init(healthy: 5, total: 10)], panicPercent: 50),
      [(0, .allHosts, 17), (1, .healthyHosts, 83)])
  }

  @Test func theSumIsAlwaysAHundred() {
    var random = RandomGenerator(seed: 7)
    for _ in 0..<2_000 {
      let priorities = (0...random.below(4)).map { _ in
        let healthy = random.below(4)
        let degraded = random.below(3)
        return PriorityLoad.Health(healthy: healthy, degraded: degraded, total: healthy + degraded + random.below(5))
      }
      let load = PriorityLoad(priorities, panicPercent: Double(random.below(101)))
      #expect(load.shares.reduce(0) { $0 + $1.percent } == 100)
    }
  }

  @Test func overprovisioningFactorIsWhatHealthyHostsAreTrustedWith() {
    let health = [PriorityLoad.Health(healthy: 2, total: 3)]
    expect(PriorityLoad(health, panicPercent: 90, overprovisioningPercent: 200), [(0, .healthyHosts, 100)])
    expect(PriorityLoad(health, panicPercent: 90, overprovisioningPercent: 100), [(0, .allHosts, 100)])
  }

  @Test func excludedHostsAreNotMissed() {
    expect(PriorityLoad([.init(healthy: 1, total: 3, excluded: 2)], panicPercent: 50), [(0, .healthyHosts, 100)])
    expect(PriorityLoad([.init(healthy: 1, total: 3)], panicPercent: 50), [(0, .allHosts, 100)])
    expect(PriorityLoad([.init(healthy: 0, total: 2, excluded: 2)], panicPercent: 50), [(0, .allHosts, 100)])
  }
}
