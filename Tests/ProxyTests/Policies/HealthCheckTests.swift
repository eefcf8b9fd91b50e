import EnvoyConfig
import Reactor
import Testing

@testable import Proxy

@Suite struct HealthCheckTests {
  private var state = HealthCheckState(healthyThreshold: 2, unhealthyThreshold: 3)

  private static func healthy() -> HealthCheckState {
    var state = HealthCheckState(healthyThreshold: 2, unhealthyThreshold: 3)
    _ = state.succeeded(degraded: false)
    return state
  }

  @Test func theFirstCheckDecidesAlone() {
    var fine = state
    #expect(fine.isUnhealthy)
    #expect(fine.succeeded(degraded: false) == .changed)
    #expect(!fine.isUnhealthy)
    var broken = state
    #expect(broken.failed(.network) == .unchanged)
    #expect(broken.succeeded(degraded: false) == .changePending)
    #expect(broken.succeeded(degraded: false) == .changed)
  }

  @Test func networkFailuresCountToTheThreshold() {
    var state = Self.healthy()
    #expect(state.failed(.network) == .changePending)
    #expect(state.failed(.networkTimeout) == .changePending)
    #expect(state.succeeded(degraded: false) == .unchanged)
    #expect(state.failed(.network) == .changePending)
    #expect(state.failed(.retriable) == .changePending)
    #expect(state.failed(.networkTimeout) == .changed)
    #expect(state.isUnhealthy && state.hasTimedOut)
    _ = state.failed(.network)
    #expect(!state.hasTimedOut)
  }

  @Test(arguments: [HealthCheckState.Failure.active, .passive])
  func theHostsOwnWordCountsAtOnce(failure: HealthCheckState.Failure) {
    var state = Self.healthy()
    #expect(state.failed(failure) == .changed)
    #expect(state.isExcluded == (failure == .passive))
    _ = state.succeeded(degraded: false)
    _ = state.succeeded(degraded: false)
    #expect(!state.isUnhealthy && !state.isExcluded)
  }

  @Test func degradedHostsAreHealthy() {
    var state = Self.healthy()
    #expect(state.succeeded(degraded: true) == .changed)
    #expect(state.isDegraded && !state.isUnhealthy)
    #expect(state.succeeded(degraded: true) == .unchanged)
    #expect(state.succeeded(degraded: false) == .changed)
  }

  @Test func intervalsFollowTheResultAndTheTraffic() {
    var config = HealthCheck()
    config.interval = .seconds(1)
    config.unhealthyInterval = .seconds(2)
    config.healthyEdgeInterval = .seconds(3)
    config.unhealthyEdgeInterval = .seconds(4)
    config.noTrafficInterval = .seconds(5)
    config.noTrafficHealthyInterval = .seconds(6)
    let intervals = HealthCheckIntervals(config)
    var random = RandomGenerator(seed: 1)
    func next(_ succeeded: Bool, _ transition: HealthCheckState.Transition, traffic: Bool = true) -> Int64 {
      intervals.next(succeeded: succeeded, transition, hasTraffic: traffic, random: &random) / second
    }
    #expect(next(true, .unchanged) == 1)
    #expect(next(true, .changed) == 1)
    #expect(next(true, .changePending) == 3)
    #expect(next(false, .unchanged) == 2)
    #expect(next(false, .changePending) == 4)
    #expect(next(false, .changed) == 2)
    #expect(next(true, .unchanged, traffic: false) == 6)
    #expect(next(false, .unchanged, traffic: false) == 5)
  }

  @Test func jitterOnlyAdds() {
    var config = HealthCheck()
    config.interval = .seconds(10)
    config.intervalJitter = .seconds(1)
    config.intervalJitterPercent = 50
    let intervals = HealthCheckIntervals(config)
    var random = RandomGenerator(seed: 1)
    let delays = (0..<1000).map { _ in
      intervals.next(succeeded: true, .unchanged, hasTraffic: true, random: &random)
    }
    #expect(delays.allSatisfy { $0 >= 10 * second && $0 < 16 * second })
    #expect(delays.contains { $0 > 15 * second })
  }

  @Test func payloadsStandInOrder() {
    let bytes = Array("abcdef".utf8)
    #expect(PayloadMatcher.matches(bytes, []))
    #expect(PayloadMatcher.matches(bytes, [Array("ab".utf8), Array("de".utf8)]))
    #expect(!PayloadMatcher.matches(bytes, [Array("de".utf8), Array("ab".utf8)]))
    #expect(!PayloadMatcher.matches(bytes, [Array("cd".utf8), Array("cd".utf8)]))
  }

  @Test func payloadsMayComeInParts() {
    func matches(_ parts: [String], _ wanted: [String]) -> Bool {
      var matcher = PayloadMatcher(wanted.map { Array($0.utf8) })
      var found = false
      for part in parts { Array(part.utf8).withUnsafeBytes { found = matcher.take(ByteView($0)) } }
      return found
    }
    #expect(matches(["po", "n", "g"], ["pong"]))
    #expect(matches(["xxp", "ongx", "yab", "c"], ["pong", "abc"]))
    #expect(!matches(["po", "ng"], ["pong", "g"]))
    #expect(!matches(["abc", "po", "ng"], ["pong", "abc"]))
  }

  @Test func grpcMessages() {
    #expect(GrpcHealthMessage.request(service: "") == [0, 0, 0, 0, 0])
    #expect(GrpcHealthMessage.request(service: "ab") == [0, 0, 0, 0, 4, 0x0a, 2, 0x61, 0x62])
    #expect(GrpcHealthMessage.response([]) == .incomplete)
    #expect(GrpcHealthMessage.response([0, 0, 0, 0, 2, 8, 1]) == .complete(isServing: true))
    #expect(GrpcHealthMessage.response([0, 0, 0, 0, 2, 8, 2]) == .complete(isServing: false))
    #expect(GrpcHealthMessage.response([0, 0, 0, 0, 0]) == .complete(isServing: false))
    #expect(GrpcHealthMessage.response([1, 0, 0, 0, 2, 8, 1]) == .broken)
    #expect(GrpcHealthMessage.response([0, 0, 0, 0, 9, 8, 1]) == .incomplete)
    #expect(GrpcHealthMessage.response([0, 0, 0, 0, 2, 8, 1, 0]) == .broken)
    #expect(GrpcHealthMessage.response([0, 0, 0, 0, 3, 0x12, 9, 1]) == .broken)
    #expect(GrpcHealthMessage.response([0, 255, 255, 255, 255, 8]) == .incomplete)
    // A field that we do not know is passed over.
    #expect(GrpcHealthMessage.response([0, 0, 0, 0, 5, 0x12, 1, 7, 8, 1]) == .complete(isServing: true))
  }
}
