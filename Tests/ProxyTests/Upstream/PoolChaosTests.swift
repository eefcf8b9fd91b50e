import HTTP
import Reactor
import Testing

@testable import Proxy

/// Whatever clients and upstreams do, all that is taken is given back, and everybody hears of their end once.
@Suite struct PoolChaosTests {
  @Test(arguments: 1...24)
  func whatIsTakenIsGivenBack(seed: UInt64) throws {
    var random = RandomGenerator(seed: seed)
    let harness = try PoolHarness(
      http2: "max_concurrent_streams: \(1 + random.below(4))",
      common: "idle_timeout: 5s, max_connection_duration: 9s, max_requests_per_connection: \(1 + random.below(20))",
      thresholds: "max_connections: \(1 + random.below(3)), max_requests: 8, max_pending_requests: 6")
    for _ in 0..<400 { step(harness, &random) }
    for caller in harness.callers where !caller.isOver { caller.giveUp(harness.pool) }
    harness.turn()
    #expect(harness.callers.allSatisfy { $0.isOver })
    let breaker = harness.info.circuitBreaker(.default)
    #expect(breaker.requests.current == 0)
    #expect(breaker.pendingRequests.current == 0)
    #expect(harness.count(.upstreamRqActive) == 0)
    #expect(harness.count(.upstreamRqPendingActive) == 0)
    harness.advance(milliseconds: 20_000)
    #expect(breaker.connections.current == 0)
    #expect(harness.count(.upstreamCxActive) == 0)
    #expect(harness.server.connections.allSatisfy { $0.isClosed })
  }

  private func step(_ harness: PoolHarness, _ random: inout RandomGenerator) {
    let connections = harness.server.connections.filter { !$0.isClosed }
    let streams = connections.flatMap(\.streams)
    switch random.below(12) {
    case 0...4: harness.request(endsRequest: random.below(3) > 0)
    case 5, 6, 7: if let stream = streams.randomElement(using: &random) { stream.respond(body: [1, 2, 3]) }
    case 8:
      if let stream = streams.randomElement(using: &random) { random.below(2) == 0 ? stream.reset() : stream.refuse() }
    case 9: harness.callers.filter { !$0.isOver }.randomElement(using: &random)?.giveUp(harness.pool)
    case 10:
      guard random.below(4) == 0, let connection = connections.randomElement(using: &random) else { return }
      switch random.below(3) {
      case 0: connection.codec?.shutdownNotice()
      case 1: connection.codec?.goAway()
      default: connection.connection?.close(.noFlush)
      }
    default: harness.advance(milliseconds: Int64(random.below(700)))
    }
    harness.turn(random.below(6))
  }
}
