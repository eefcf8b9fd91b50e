import HTTP
import Reactor
import Testing

@testable import Proxy

/// HTTP/2 connections of clients, and how they end. What Envoy does there stands in docs/envoy-observed.md.
@Suite struct HTTP2ConnectionTests {
  @Test func theFirstBytesSayWhatAConnectionSpeaks() throws {
    let harness = try DownstreamHarness()
    let client = try harness.connect()
    let response = client.request()
    harness.turn()
    #expect(response.status == 200)
    #expect(response.body == "hello")
    #expect(harness.count(.downstreamCxHttp2Total) == 1)
    #expect(harness.count(.downstreamRqHttp2Total) == 1)
    #expect(harness.count(.downstreamRqHttp1Total) == 0)
  }

  @Test func codecTypeForbidsHTTP2() throws {
    let harness = try DownstreamHarness("codec_type: HTTP1,")
    let client = try harness.connect()
    _ = client.request()
    harness.turn()
    #expect(harness.count(.downstreamCxHttp2Total) == 0)
    #expect(harness.count(.downstreamRq4xx) == 1)
  }

  @Test func streamsAreServedBesideEachOther() throws {
    let harness = try DownstreamHarness()
    let client = try harness.connect()
    let slow = (0..<10).map { _ in client.request("/wait") }
    let quick = (0..<10).map { _ in client.request() }
    harness.turn()
    #expect(quick.allSatisfy { $0.body == "hello" })
    #expect(slow.allSatisfy { $0.status == nil && $0.reset == nil })
  }

  @Test func aResetEndsItsStreamOnly() throws {
    let harness = try DownstreamHarness()
    let client = try harness.connect()
    let first = client.request("/wait")
    let second = client.request("/wait")
    harness.turn()
    first.encoder?.reset(.localReset)
    harness.turn()
    #expect(harness.count(.downstreamRqRxReset) == 1)
    #expect(harness.count(.rxReset) == 1)
    #expect(second.reset == nil)
    #expect(!client.isClosed)
  }

  @Test func aTimeoutIsTheStreams() throws {
    let harness = try DownstreamHarness("request_timeout: 3s,")
    let client = try harness.connect()
    let unfinished = client.request("/wait", endStream: false)
    harness.turn()
    harness.advance(milliseconds: 3100)
    #expect(harness.count(.downstreamRqTimeout) == 1)
    #expect(unfinished.status == 408)
    let next = client.request()
    harness.turn()
    #expect(next.status == 200)
    #expect(!client.isClosed)
  }

  // MARK: Draining

  @Test func anIdleConnectionIsToldTwiceAndThenClosed() throws {
    let harness = try DownstreamHarness("common_http_protocol_options: {idle_timeout: 5s},")
    let client = try harness.connect()
    _ = client.request()
    harness.turn()
    harness.advance(milliseconds: 5100)
    #expect(client.goAways == 1)
    #expect(harness.count(.downstreamCxIdleTimeout) == 1)
    harness.advance(milliseconds: 2100)
    #expect(harness.count(.goawaySent) == 1)
    #expect(!client.isClosed)
    harness.advance(milliseconds: 1100)
    #expect(client.isClosed)
  }

  @Test func requestsBetweenTheNoticeAndTheEndAreServed() throws {
    let harness = try DownstreamHarness("common_http_protocol_options: {max_requests_per_connection: 1},")
    let client = try harness.connect()
    let first = client.request()
    let second = client.request()
    harness.turn()
    #expect(client.goAways == 1)
    #expect(first.status == 200 && second.status == 200)
    #expect(harness.count(.downstreamCxMaxRequestsReached) == 2)
    harness.advance(milliseconds: 2100)
    #expect(harness.count(.goawaySent) == 1)
  }

  @Test func theEndWaitsForStreams() throws {
    let harness = try DownstreamHarness("common_http_protocol_options: {max_connection_duration: 1s},")
    let client = try harness.connect()
    let slow = client.request("/wait")
    harness.turn()
    harness.advance(milliseconds: 1100)
    harness.advance(milliseconds: 2100)
    harness.advance(milliseconds: 5000)
    #expect(harness.count(.goawaySent) == 1)
    #expect(!client.isClosed && slow.reset == nil)
    slow.encoder?.reset(.localReset)
    harness.turn()
    harness.advance(milliseconds: 1100)
    #expect(client.isClosed)
  }

  @Test func theProcessesEndIsAnnounced() throws {
    let harness = try DownstreamHarness()
    let idle = try harness.connect()
    _ = idle.request()
    let busy = try harness.connect()
    let slow = busy.request("/wait")
    harness.turn()
    var isDrained = false
    harness.worker.drain { isDrained = true }
    harness.turn()
    #expect(idle.goAways == 1 && busy.goAways == 1)
    harness.advance(milliseconds: 1100)
    #expect(harness.count(.goawaySent) == 2)
    harness.advance(milliseconds: 1100)
    #expect(idle.isClosed && !busy.isClosed)
    #expect(slow.reset == nil && !isDrained)
    slow.encoder?.reset(.localReset)
    harness.turn()
    harness.advance(milliseconds: 1100)
    #expect(busy.isClosed && isDrained)
  }

  @Test func gracefulDrainingTellsIdleConnections() throws {
    let harness = try DownstreamHarness()
    let client = try harness.connect()
    _ = client.request()
    harness.turn()
    harness.worker.startDraining(over: 0, inboundOnly: false)
    harness.turn()
    #expect(client.goAways == 1)
    #expect(harness.count(.downstreamCxDrainClose) == 1)
  }

  // MARK: Hostile clients

  @Test func whoOnlyResetsIsCutOff() throws {
    let harness = try DownstreamHarness()
    let client = try harness.connect()
    for _ in 0..<250 {
      client.request("/wait").encoder?.reset(.localReset)
      harness.loop.turn(waiting: false)
      if client.isClosed { break }
    }
    harness.turn()
    #expect(client.isClosed)
    #expect(harness.count(.downstreamRqTooManyPrematureResets) == 1)
  }

  @Test func prematureResetsAreJudgedByTheirShare() {
    #expect(Self.judgements(250) { ($0, false, 0) } == Array(repeating: false, count: 249) + [true])
    #expect(!Self.judgements(240) { ($0 * 10, false, 0) }.contains(true))
    #expect(!Self.judgements(1000) { ($0, false, 3 * second) }.contains(true))
    #expect(!Self.judgements(1000) { ($0, true, 0) }.contains(true))
  }

  /// What is said of so many resets, of which each is told how many streams are over, whether it was answered and how long
  /// it lived.
  private static func judgements(
    _ count: Int, _ reset: (Int) -> (ended: Int, answered: Bool, lifetime: Int64)
  ) -> [Bool] {
    var resets = PrematureResets()
    return (1...count).map {
      let reset = reset($0)
      return resets.isTooMany(answered: reset.answered, lifetime: reset.lifetime, ended: reset.ended)
    }
  }
}
