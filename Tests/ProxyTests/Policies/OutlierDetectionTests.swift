import EnvoyConfig
import HTTP
import Reactor
import Testing

@testable import Proxy

@Suite struct OutlierMonitorTests {
  private func monitor(_ consecutive5xx: UInt32 = 3, gateway: UInt32 = 2) -> OutlierMonitor {
    var config = EnvoyConfig.OutlierDetection()
    config.consecutive5xx = consecutive5xx
    config.consecutiveGatewayFailure = gateway
    return OutlierMonitor(config)
  }

  @Test func eachThresholdIsReportedOnce() {
    let monitor = monitor()
    #expect(monitor.put(.response(status: 503)) == [])
    #expect(monitor.put(.response(status: 502)) == .consecutiveGatewayFailure)
    #expect(monitor.put(.localOriginTimeout) == .consecutive5xx)
    #expect(monitor.put(.localOriginConnectFailed) == [])
  }

  @Test func bothAtOnce() {
    let monitor = monitor(1, gateway: 1)
    #expect(monitor.put(.localOriginConnectFailed) == [.consecutive5xx, .consecutiveGatewayFailure])
  }

  @Test func successEndsARow() {
    let monitor = monitor()
    for _ in 0..<5 {
      #expect(monitor.put(.response(status: 500)) == [])
      #expect(monitor.put(.response(status: 500)) == [])
      #expect(monitor.put(.response(status: 404)) == [])
    }
  }

  @Test func another5xxEndsARowOfGatewayFailures() {
    let monitor = monitor(100)
    for _ in 0..<5 {
      #expect(monitor.put(.response(status: 504)) == [])
      #expect(monitor.put(.response(status: 501)) == [])
    }
  }

  @Test func aResetCountsFromNothing() {
    let monitor = monitor(2, gateway: 100)
    #expect(monitor.put(.response(status: 500)) == [])
    monitor.reset(.consecutive5xx)
    #expect(monitor.put(.response(status: 500)) == [])
    #expect(monitor.put(.response(status: 500)) == .consecutive5xx)
  }

  @Test func aThresholdOfNothingIsNeverReached() {
    let monitor = monitor(0, gateway: 0)
    for _ in 0..<10 { #expect(monitor.put(.response(status: 503)) == []) }
  }

  @Test func failuresToReachAHostMayCountApart() {
    var config = EnvoyConfig.OutlierDetection()
    config.consecutive5xx = 2
    config.consecutiveLocalOriginFailure = 2
    config.splitExternalLocalOriginErrors = true
    let monitor = OutlierMonitor(config)
    for _ in 0..<3 {
      #expect(monitor.put(.localOriginConnectSuccess) == [])
      #expect(monitor.put(.localOriginConnectFailed) == [])
    }
    #expect(monitor.put(.localOriginTimeout) == .consecutiveLocalOriginFailure)
    #expect(monitor.put(.response(status: 500)) == [])
    #expect(monitor.put(.response(status: 500)) == .consecutive5xx)
  }

  @Test func resets() {
    #expect(OutlierResult(.overflow) == nil)
    #expect(OutlierResult(.localReset) == nil)
    #expect(OutlierResult(.remoteReset) == .localOriginConnectFailed)
    #expect(OutlierResult(.connectionTimeout) == .localOriginConnectFailed)
  }
}

@Suite struct OutlierDetectorTests {
  private var config = EnvoyConfig.OutlierDetection()
  private var random = RandomGenerator(seed: 1)

  init() {
    config.maxEjectionPercent = 100
    config.enforcingConsecutiveGatewayFailure = 100
  }

  private mutating func report(
    _ detector: inout OutlierDetector, _ kind: OutlierKind = .consecutive5xx, id: Int, now: Int64 = 0
  ) -> (OutlierDetector.Verdict, [OutlierCounter]) {
    var counters: [OutlierCounter] = []
    let verdict = detector.report(kind, id: id, now: now, random: &random) { counters.append($0) }
    return (verdict, counters)
  }

  private func tick(_ detector: inout OutlierDetector, _ now: Int64) -> [Int] {
    var back: [Int] = []
    detector.tick(now: now) { back.append($0) }
    return back
  }

  private func detector(hosts: Int) -> OutlierDetector {
    var detector = OutlierDetector(config)
    for id in 0..<hosts { _ = detector.add(id: id) }
    return detector
  }

  @Test mutating func anEjectionAndTheWayBack() {
    var detector = detector(hosts: 4)
    let (verdict, counters) = report(&detector, id: 2)
    #expect(verdict == .ejected(forNanoseconds: 30 * second))
    #expect(
      counters == [
        .detected(.consecutive5xx), .total, .enforcedTotal, .enforced(.consecutive5xx), .consecutive5xx,
      ])
    #expect(detector.ejectionsActive == 1 && detector.hosts[2]?.isEjected == true)
    #expect(report(&detector, id: 2).0 == .ignored)
    #expect(tick(&detector, 30 * second - 1) == [])
    #expect(tick(&detector, 30 * second) == [2])
    #expect(detector.ejectionsActive == 0 && detector.hosts[2]?.isEjected == false)
    #expect(tick(&detector, 40 * second) == [])
  }

  @Test mutating func gatewayFailuresCountUnderTheirOwnNames() {
    var detector = detector(hosts: 2)
    let (verdict, counters) = report(&detector, .consecutiveGatewayFailure, id: 0)
    #expect(verdict == .ejected(forNanoseconds: 30 * second))
    #expect(
      counters == [
        .detected(.consecutiveGatewayFailure), .enforcedTotal, .enforced(.consecutiveGatewayFailure),
      ])
  }

  @Test mutating func whatIsNotEnforcedIsCountedAsDetected() {
    config.enforcingConsecutive5xx = 0
    var detector = detector(hosts: 2)
    let (verdict, counters) = report(&detector, id: 0)
    #expect(verdict == .notEnforced)
    #expect(counters == [.detected(.consecutive5xx), .total, .consecutive5xx])
    #expect(detector.ejectionsActive == 0)
  }

  @Test mutating func enforcingIsAChance() {
    config.enforcingConsecutive5xx = 25
    var ejected = 0
    for _ in 0..<4000 {
      var detector = detector(hosts: 1)
      if case .ejected = report(&detector, id: 0).0 { ejected += 1 }
    }
    #expect((850...1150).contains(ejected))
  }

  /// 10 % of 4 hosts is less than one, and of 10 hosts exactly one.
  @Test mutating func maxEjectionPercent() {
    config.maxEjectionPercent = 10
    var four = detector(hosts: 4)
    let (verdict, counters) = report(&four, id: 0)
    #expect(verdict == .overflow)
    #expect(counters == [.detected(.consecutive5xx), .overflow, .consecutive5xx])
    var ten = detector(hosts: 10)
    #expect(report(&ten, id: 0).0 == .ejected(forNanoseconds: 30 * second))
    #expect(report(&ten, id: 1).0 == .overflow)
  }

  @Test mutating func alwaysEjectOneHost() {
    config.maxEjectionPercent = 0
    config.alwaysEjectOneHost = true
    var detector = detector(hosts: 4)
    #expect(report(&detector, id: 0).0 == .ejected(forNanoseconds: 30 * second))
    #expect(report(&detector, id: 1).0 == .overflow)
  }

  @Test mutating func ejectionTimesGrowAndAreBounded() {
    config.maxEjectionTime = .seconds(70)
    var detector = detector(hosts: 1)
    var now: Int64 = 0
    for expected in [30, 60, 70, 70, 70] {
      #expect(report(&detector, id: 0, now: now).0 == .ejected(forNanoseconds: Int64(expected) * second))
      now += Int64(expected) * second
      #expect(tick(&detector, now - 1) == [])
      #expect(tick(&detector, now) == [0])
    }
    #expect(detector.hosts[0]?.ejections == 5)
  }

  @Test mutating func healthyIntervalsMakeTheNextEjectionShorter() {
    var detector = detector(hosts: 1)
    _ = report(&detector, id: 0, now: 0)
    #expect(tick(&detector, 30 * second) == [0])
    _ = report(&detector, id: 0, now: 31 * second)
    #expect(tick(&detector, 91 * second) == [0])
    // 9 s are less than an interval, 10 s are one.
    #expect(tick(&detector, 100 * second) == [])
    #expect(tick(&detector, 101 * second) == [])
    #expect(report(&detector, id: 0, now: 102 * second).0 == .ejected(forNanoseconds: 60 * second))
    #expect(tick(&detector, 162 * second) == [0])
    for step in 1...5 { #expect(tick(&detector, Int64(162 + 10 * step) * second) == []) }
    #expect(report(&detector, id: 0, now: 220 * second).0 == .ejected(forNanoseconds: 30 * second))
  }

  @Test mutating func jitterIsAddedInWholeMilliseconds() {
    config.maxEjectionTimeJitter = .milliseconds(5)
    var seen: Set<Int64> = []
    for _ in 0..<300 {
      var detector = detector(hosts: 1)
      if case .ejected(let time) = report(&detector, id: 0).0 { seen.insert(time - 30 * second) }
    }
    #expect(seen == Set((0...5).map { Int64($0) * millisecond }))
  }

  @Test mutating func comingBackClearsBothRows() {
    config.consecutive5xx = 3
    config.consecutiveGatewayFailure = 4
    var detector = OutlierDetector(config)
    let monitor = detector.add(id: 0)
    _ = detector.add(id: 1)
    for _ in 0..<3 { _ = monitor.put(.localOriginConnectFailed) }
    _ = report(&detector, id: 0)
    #expect(tick(&detector, 30 * second) == [0])
    for _ in 0..<2 { #expect(monitor.put(.localOriginConnectFailed) == []) }
    #expect(monitor.put(.localOriginConnectFailed) == .consecutive5xx)
  }

  @Test mutating func aDecidedRowStartsAgain() {
    config.consecutive5xx = 2
    config.enforcingConsecutive5xx = 0
    var detector = OutlierDetector(config)
    let monitor = detector.add(id: 0)
    for _ in 0..<3 {
      #expect(monitor.put(.response(status: 500)) == [])
      #expect(monitor.put(.response(status: 500)) == .consecutive5xx)
      #expect(report(&detector, id: 0).0 == .notEnforced)
    }
  }

  @Test mutating func membersLeaveAndReturn() {
    var detector = detector(hosts: 2)
    _ = report(&detector, id: 0)
    detector.remove(id: 0)
    #expect(detector.ejectionsActive == 0)
    #expect(report(&detector, id: 0).0 == .ignored)
    #expect(tick(&detector, 1000 * second) == [])
    _ = detector.add(id: 0)
    _ = report(&detector, id: 0)
    _ = detector.add(id: 0)
    #expect(detector.ejectionsActive == 0 && detector.hosts[0]?.isEjected == false)
  }

  /// Whatever happens, the gauge is the number of hosts that are out, and the share stays within the percentage.
  @Test mutating func invariantsHold() {
    for seed in 0..<40 {
      random = RandomGenerator(seed: UInt64(seed))
      config.maxEjectionPercent = UInt32(random.below(101))
      config.enforcingConsecutive5xx = UInt32(random.below(101))
      var detector = detector(hosts: 1 + random.below(12))
      let members = detector.hosts.count
      var now: Int64 = 0
      for _ in 0..<300 {
        now += Int64(random.below(20)) * second
        if random.below(3) == 0 {
          _ = tick(&detector, now)
        } else {
          _ = report(&detector, OutlierKind.allCases[random.below(2)], id: random.below(14), now: now)
        }
        let out = detector.hosts.values.filter(\.isEjected).count
        #expect(detector.ejectionsActive == out, "seed \(seed)")
        #expect(100 * out <= Int(config.maxEjectionPercent) * members, "seed \(seed)")
      }
    }
  }
}
