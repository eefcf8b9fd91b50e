import Glibc
import Testing

@testable import Reactor

/// A connection's owner that keeps what it is told.
private final class Peer: ConnectionDelegate {
  var received: [UInt8] = []
  /// Bytes it takes at a time; the rest stays with the connection.
  var appetite = Int.max
  var ends = 0
  var closed: [ConnectionCloseEvent] = []
  var connected = 0
  var aboveHigh = 0
  var belowLow = 0

  override func connectionDidConnect() { connected += 1 }

  override func connectionReceived(_ bytes: ByteView) -> Int {
    let taken = min(appetite, bytes.count)
    received += Array(bytes.prefix(taken).buffer)
    return taken
  }

  override func connectionReachedEnd() { ends += 1 }
  override func connectionDidClose(_ event: ConnectionCloseEvent) { closed.append(event) }
  override func connectionAboveWriteBufferHighWatermark() { aboveHigh += 1 }
  override func connectionBelowWriteBufferLowWatermark() { belowLow += 1 }
}

/// Does what the test says when the loop calls it.
private final class Job: EventHandler {
  private let work: () -> Void

  init(_ work: @escaping () -> Void) { self.work = work }

  override func runLater() { work() }
}

@Suite final class ConnectionTests {
  private let loop: EventLoop
  private let peer = Peer()
  private let connection: Connection
  /// The other end: a plain blocking-free socket of the test's.
  private let other: Int32

  init() throws {
    loop = try EventLoop()
    var pair: [Int32] = [0, 0]
    #expect(
      socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &pair) == 0)
    connection = try Connection(loop, taking: Descriptor(pair[0]), connecting: false, delegate: peer)
    other = pair[1]
  }

  /// The loop keeps a connection that is open, and the connection its loop.
  deinit {
    connection.close(.noFlush)
    turn(1)
  }

  private func turn(_ times: Int = 3) {
    for _ in 0..<times { loop.turn(waiting: false) }
  }

  private func send(_ text: String) { #expect(write(other, text, text.utf8.count) == text.utf8.count) }

  private func readAll() -> Int {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while true {
      let count = read(other, &buffer, buffer.count)
      if count <= 0 { return total }
      total += count
    }
  }

  @Test func whatTheDelegateLeavesIsOfferedAgainWithWhatFollows() {
    peer.appetite = 3
    send("abcdef")
    turn()
    #expect(peer.received == Array("abc".utf8))
    peer.appetite = 100
    send("gh")
    turn()
    #expect(peer.received == Array("abcdefgh".utf8))
  }

  @Test func readingStopsAndGoesOn() {
    connection.readDisable(true)
    connection.readDisable(true)
    send("x")
    turn()
    #expect(peer.received.isEmpty)
    connection.readDisable(false)
    turn()
    #expect(peer.received.isEmpty)
    connection.readDisable(false)
    send("y")
    turn()
    #expect(peer.received == Array("xy".utf8))
  }

  @Test func theEndIsAClose() {
    send("bye")
    close(other)
    turn()
    #expect(peer.received == Array("bye".utf8))
    #expect(peer.closed == [.remoteClose])
    #expect(!connection.isOpen)
  }

  @Test func withHalfCloseTheEndIsAnEnd() {
    connection.halfClose = true
    shutdown(other, Int32(SHUT_WR))
    turn()
    #expect(peer.ends == 1)
    #expect(peer.closed.isEmpty)
    connection.write(ByteView("still"))
    connection.shutdownWrite()
    turn()
    #expect(readAll() == 5)
    #expect(peer.closed == [.localClose])
    close(other)
  }

  /// Runs the jobs as handlers of one turn, in this order.
  private func turn(of jobs: [Job]) {
    for job in jobs.reversed() { loop.soon(job) }
    turn(1)
  }

  @Test(arguments: [(false, 2), (true, 0)])
  func whatTheHandlersOfATurnWriteIsGatheredByWish(gathers: Bool, sentBetween: Int) {
    connection.gathersWrites = gathers
    var between = -1
    turn(of: [
      Job { self.connection.write(ByteView("ab")) },
      Job {
        between = self.readAll()
        self.connection.write(ByteView("cd"))
      },
    ])
    #expect(between == sentBetween)
    #expect(readAll() == 4 - sentBetween)
    close(other)
  }

  @Test func muchIsGatheredNoLonger() {
    connection.gathersWrites = true
    let block = [UInt8](repeating: 7, count: 6000)
    let write = Job { block.withUnsafeBytes { self.connection.write(ByteView($0)) } }
    var between = -1
    turn(of: [write, write, Job { between = self.readAll() }])
    #expect(between == 12_000)
    close(other)
  }

  @Test func aFullSocketHoldsBackAndLetsGo() {
    connection.bufferLimit = 100_000
    let block = [UInt8](repeating: 7, count: 50_000)
    var written = 0
    while peer.aboveHigh == 0 {
      block.withUnsafeBytes { connection.write(ByteView($0)) }
      written += block.count
      turn(1)
    }
    #expect(connection.bufferedBytes > 100_000)
    var read = 0
    while read < written {
      read += readAll()
      turn(1)
    }
    #expect(read == written)
    #expect(peer.aboveHigh == 1)
    #expect(peer.belowLow == 1)
    #expect(connection.bufferedBytes == 0)
    close(other)
  }

  @Test func closingSendsTheRestFirst() {
    connection.write(ByteView("last words"))
    connection.close(.flushWrite)
    turn()
    #expect(readAll() == 10)
    #expect(peer.closed == [.localClose])
    close(other)
  }

  @Test func lingeringDropsWhatThePeerStillSendsUntilItCloses() {
    connection.write(ByteView("no"))
    connection.close(.flushWriteAndDelay)
    turn()
    #expect(readAll() == 2)
    send("more that nobody wants")
    turn()
    #expect(peer.received.isEmpty)
    #expect(peer.closed.isEmpty)
    close(other)
    turn()
    #expect(peer.closed == [.remoteClose])
  }

  @Test func aRefusedConnectIsTold() throws {
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: 1))
    let caller = Peer()
    let refused = try Connection(
      loop, taking: Sockets.connect(to: address), connecting: true, delegate: caller)
    turn()
    #expect(caller.connected == 0)
    #expect(caller.closed == [.connectFailure(ECONNREFUSED)])
    #expect(!refused.isOpen)
    close(other)
  }
}
