import HTTP
import Reactor
import Testing

@testable import Proxy

/// Back-pressure from the client's streams to the upstream's, over one connection on either side.
@Suite struct FlowControlTests {
  private static let bufferLimit = 64 * 1024
  /// Of each response.
  private static let size = 10 << 20
  private static let piece = [UInt8](repeating: 0x78, count: 16 * 1024)

  /// Sends on each stream for as long as the upstream's own codec says that there is room.
  private func pump(_ harness: ProxyHarness, _ sent: inout [Int]) {
    for (index, stream) in harness.server.streams.enumerated() where sent[index] < Self.size && !stream.isAbove {
      sent[index] += Self.piece.count
      stream.send(Self.piece, endStream: sent[index] >= Self.size)
    }
    harness.turn(4)
  }

  @Test func slowReadersHoldBackTheirOwnStreamsOnly() throws {
    var options = HTTP2Options()
    options.initialStreamWindowSize = 65_535
    options.initialConnectionWindowSize = 1 << 30
    let harness = try ProxyHarness(bufferLimit: Self.bufferLimit, client: options)
    for _ in 0..<99 { harness.client.get(reads: false) }
    harness.turn()
    let quick = harness.client.get()
    harness.turn()
    #expect(harness.server.connections.count == 1)
    #expect(harness.server.streams.count == 100)
    for stream in harness.server.streams { stream.respond(endStream: false) }
    var sent = Array(repeating: 0, count: 100)
    for _ in 0..<2_000 where !quick.hasEnded { pump(harness, &sent) }
    #expect(quick.hasEnded && quick.received == Self.size)
    // What neither the client's window nor the upstream's own queue holds is ours: at most a window that was promised
    // and a queue that is full, for each stream.
    let serverQueue = ProxyHarness.serverQueue + Self.piece.count
    for (stream, sent) in zip(harness.client.streams.dropLast(), sent) {
      #expect(sent - serverQueue - stream.received <= 3 * Self.bufferLimit)
      #expect(stream.received <= 65_535)
    }
    let late = harness.client.streams[0]
    late.read()
    for _ in 0..<2_000 where !late.hasEnded { pump(harness, &sent) }
    #expect(late.hasEnded && late.received == Self.size)
  }

  @Test func aClientThatGoesAwayFreesWhatIsHeldForIt() throws {
    let harness = try ProxyHarness(bufferLimit: Self.bufferLimit)
    for _ in 0..<10 { harness.client.get(reads: false) }
    harness.turn()
    for stream in harness.server.streams { stream.respond(endStream: false) }
    var sent = Array(repeating: 0, count: 10)
    for _ in 0..<50 { pump(harness, &sent) }
    harness.client.close()
    harness.turn()
    #expect(harness.server.streams.allSatisfy { $0.resets == [.remoteReset] })
    #expect(harness.server.connections.map(\.isClosed) == [false])
  }
}
