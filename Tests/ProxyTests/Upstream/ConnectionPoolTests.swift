import EnvoyConfig
import HTTP
import Reactor
import Testing

@testable import Proxy

/// Pools whose connections carry several streams. What Envoy does there stands in docs/envoy-observed.md.
@Suite struct ConnectionPoolTests {
  @Test func requestsThatWaitShareTheConnectionThatIsMadeForThem() throws {
    let harness = try PoolHarness()
    harness.request(5)
    #expect(harness.server.connections.count == 1)
    #expect(harness.server.streams.count == 5)
    #expect(harness.count(.upstreamCxHttp2Total) == 1)
    #expect(harness.count(.upstreamRqPendingTotal) == 5)
    #expect(harness.count(.upstreamRqActive) == 5)
    for stream in harness.server.streams { stream.respond() }
    harness.turn()
    #expect(harness.callers.allSatisfy { $0.status == 200 && $0.hasEnded })
    #expect(harness.count(.upstreamRqActive) == 0)
    harness.request(1)
    #expect(harness.count(.upstreamCxTotal) == 1)
    #expect(harness.count(.upstreamRqPendingTotal) == 5)
  }

  @Test func aFurtherConnectionIsMadeAtOurOwnLimit() throws {
    let harness = try PoolHarness(http2: "max_concurrent_streams: 2")
    harness.request(5)
    #expect(harness.server.connections.map(\.streams.count) == [2, 2, 1])
  }

  @Test func aFurtherConnectionIsMadeAtThePeersLimit() throws {
    var options = HTTP2Options()
    options.maxConcurrentStreams = 1
    let harness = try PoolHarness(server: options)
    harness.request(1)
    harness.request(2)
    #expect(harness.count(.upstreamCxTotal) >= 2)
    #expect(harness.server.connections[0].streams.count == 1)
    harness.server.streams[0].respond()
    harness.turn()
    harness.request(1)
    #expect(harness.server.connections[0].streams.count == 2)
  }

  /// Each name that a request brings has a pool of its own, and one that never gets a connection has no other end.
  @Test func aPoolOfOptionsThatOverflowsIsLetGo() throws {
    let harness = try PoolHarness(thresholds: "max_pending_requests: 0")
    var config = UpstreamHttpProtocolOptions()
    config.autoSni = true
    let options = UpstreamTransportOptions(config, [":authority": "a.example"])
    let caller = PoolCaller(harness.worker.headerMaps, endsRequest: true)
    weak var pool: ConnectionPool?
    do {
      let made = harness.worker.clusters[0].pool(at: 0, priority: .default, downstream: nil, options).object
      made.newStream(caller)
      pool = made
    }
    harness.turn()
    #expect(caller.failure == .overflow)
    #expect(pool == nil)
  }

  @Test func http11HasRoomForOne() throws {
    let harness = try PoolHarness(version: "http_protocol_options")
    harness.request(3)
    #expect(harness.server.connections.count == 3)
    #expect(harness.count(.upstreamCxHttp1Total) == 3)
  }

  @Test func aResetEndsItsStreamOnly() throws {
    let harness = try PoolHarness()
    harness.request(2)
    harness.callers[0].giveUp()
    harness.turn()
    #expect(harness.server.streams[0].resets == [.remoteReset])
    #expect(harness.count(.upstreamRqTxReset) == 1)
    #expect(harness.count(.upstreamRqActive) == 1)
    harness.server.streams[1].respond()
    harness.turn()
    #expect(harness.callers[1].status == 200)
    #expect(harness.count(.upstreamCxActive) == 1)
  }

  @Test func theUpstreamsResetIsCounted() throws {
    let harness = try PoolHarness()
    harness.request(1)
    harness.server.streams[0].reset()
    harness.turn()
    #expect(harness.callers[0].reset == .remoteReset)
    #expect(harness.count(.upstreamRqRxReset) == 1)
    #expect(try harness.count(.rxReset) == 1)
    #expect(harness.count(.upstreamCxActive) == 1)
  }

  @Test func behindAGoAwayStreamsFinishAndNewOnesGoElsewhere() throws {
    let harness = try PoolHarness()
    harness.request(2)
    harness.server.connections[0].codec?.shutdownNotice()
    harness.turn()
    #expect(harness.count(.upstreamCxCloseNotify) == 1)
    harness.request(1)
    #expect(harness.server.connections.map(\.streams.count) == [2, 1])
    harness.server.streams[0].respond()
    harness.turn()
    #expect(harness.server.connections[0].isClosed == false)
    harness.server.streams[1].respond()
    harness.turn()
    #expect(harness.server.connections[0].isClosed)
    #expect(harness.callers[0].status == 200 && harness.callers[1].status == 200)
    #expect(harness.count(.upstreamCxDestroyLocal) == 1)
  }

  @Test func anIdleConnectionIsClosedByAGoAway() throws {
    let harness = try PoolHarness()
    harness.request(1)
    harness.server.streams[0].respond()
    harness.turn()
    harness.server.connections[0].codec?.goAway()
    harness.turn()
    #expect(harness.server.connections[0].isClosed)
    #expect(harness.count(.upstreamCxActive) == 0)
  }

  @Test func lostConnectionsTakeAllTheirStreamsWithThem() throws {
    let harness = try PoolHarness()
    harness.request(3)
    harness.server.connections[0].connection?.close(.noFlush)
    harness.turn()
    #expect(harness.callers.allSatisfy { $0.reset == .connectionTermination })
    #expect(harness.count(.upstreamRqActive) == 0)
    #expect(harness.count(.upstreamCxActive) == 0)
    #expect(harness.count(.upstreamCxDestroyRemoteWithActiveRq) == 1)
    #expect(harness.count(.upstreamRqPendingFailureEject) == 3)
    #expect(harness.info.circuitBreaker(.default).requests.current == 0)
    #expect(harness.info.circuitBreaker(.default).connections.current == 0)
  }

  @Test func aRefusedConnectFailsAllThatWaitForIt() throws {
    let harness = try PoolHarness(isRefused: true)
    harness.request(3)
    #expect(harness.callers.allSatisfy { $0.failure == .remoteConnectionFailure })
    #expect(harness.count(.upstreamCxConnectFail) == 1)
    #expect(harness.count(.upstreamRqPendingActive) == 0)
  }

  // MARK: Limits

  @Test func theLastAllowedRequestOfAConnectionDrainsIt() throws {
    let harness = try PoolHarness(common: "max_requests_per_connection: 2")
    harness.request(3)
    #expect(harness.server.connections.map(\.streams.count) == [2, 1])
    #expect(harness.count(.upstreamCxMaxRequests) == 1)
    for stream in harness.server.connections[0].streams { stream.respond() }
    harness.turn()
    #expect(harness.server.connections.map(\.isClosed) == [true, false])
  }

  @Test func circuitBreakersCountRequests() throws {
    let harness = try PoolHarness(thresholds: "max_requests: 2")
    harness.request(3)
    #expect(harness.callers.map(\.failure) == [nil, nil, .overflow])
    #expect(harness.count(.upstreamRqActiveOverflow) == 1)
  }

  @Test func whatFindsNoRoomWaitsWhereConnectionsAreLimited() throws {
    let harness = try PoolHarness(http2: "max_concurrent_streams: 1", thresholds: "max_connections: 1")
    harness.request(2)
    #expect(harness.server.streams.count == 1)
    #expect(harness.count(.upstreamRqPendingActive) == 1)
    #expect(harness.count(.upstreamCxOverflow) > 0)
    harness.server.streams[0].respond()
    harness.turn()
    #expect(harness.server.streams.count == 2)
    #expect(harness.count(.upstreamCxTotal) == 1)
  }

  @Test func tooManyMayNotWait() throws {
    let harness = try PoolHarness(thresholds: "max_pending_requests: 1")
    harness.request()
    let second = harness.request()
    #expect(second.failure == .overflow)
    #expect(harness.count(.upstreamRqPendingOverflow) == 1)
  }

  // MARK: Time

  @Test func anIdleConnectionIsClosedInTime() throws {
    let harness = try PoolHarness(common: "idle_timeout: 10s")
    harness.request(1)
    harness.advance(milliseconds: 11_000)
    #expect(harness.count(.upstreamCxIdleTimeout) == 0)
    harness.server.streams[0].respond()
    harness.turn()
    harness.advance(milliseconds: 9_000)
    #expect(harness.server.connections[0].isClosed == false)
    harness.advance(milliseconds: 2_000)
    #expect(harness.server.connections[0].isClosed)
    #expect(harness.count(.upstreamCxIdleTimeout) == 1)
    #expect(try harness.count(.goawaySent) == 1)
  }

  @Test func anOldConnectionTakesNoMoreRequests() throws {
    let harness = try PoolHarness(common: "max_connection_duration: 10s")
    harness.request(1)
    harness.advance(milliseconds: 11_000)
    #expect(harness.count(.upstreamCxMaxDurationReached) == 1)
    harness.request(1)
    #expect(harness.server.connections.count == 2)
    harness.server.streams[0].respond()
    harness.turn()
    #expect(harness.server.connections.map(\.isClosed) == [true, false])
  }

  @Test func aPeerThatDoesNotAnswerPingsIsGivenUp() throws {
    let harness = try PoolHarness(
      http2: "connection_keepalive: {interval: 10s, timeout: 1s, interval_jitter: {value: 0}}")
    harness.request(1)
    harness.advance(milliseconds: 10_500)
    harness.advance(milliseconds: 1_500)
    #expect(harness.count(.upstreamCxActive) == 1)
    harness.server.connections[0].connection?.readDisable(true)
    harness.advance(milliseconds: 10_500)
    harness.advance(milliseconds: 1_500)
    #expect(try harness.count(.keepaliveTimeout) == 1)
    #expect(harness.count(.upstreamCxDestroyLocalWithActiveRq) == 1)
    #expect(harness.callers[0].reset == .connectionTermination)
  }

  // MARK: Flow control

  @Test func aSlowReaderHoldsBackItsOwnStreamOnly() throws {
    let harness = try PoolHarness()
    harness.request(100)
    for caller in harness.callers.dropLast() { caller.encoder?.readDisable(true) }
    let piece = [UInt8](repeating: 1, count: 32 * 1024)
    for stream in harness.server.streams { stream.respond(endStream: false) }
    for round in 0..<32 {
      for stream in harness.server.streams where !stream.isAbove { stream.send(piece, endStream: false) }
      harness.turn(round == 31 ? 100 : 5)
    }
    let slow = harness.callers.dropLast().map(\.received)
    #expect(slow.allSatisfy { $0 <= harness.info.http2Options.initialStreamWindowSize })
    #expect((harness.callers.last?.received ?? 0) >= 32 * piece.count)
    harness.callers[0].encoder?.readDisable(false)
    harness.turn(100)
    #expect(harness.callers[0].received > harness.info.http2Options.initialStreamWindowSize)
  }
}
