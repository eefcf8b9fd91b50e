import COpenSSL
import Glibc
import Testing

@testable import Reactor
@testable import Security

/// Bytes, ends and failures after the handshake and in the midst of it.
@Suite struct StreamTests {
  private let root = TestCertificate("root", isCA: true)
  private let server: TestCertificate

  init() { server = TestCertificate("server", names: "DNS:server.example", issuer: root) }

  private func contexts(_ version: TLSVersion = .tls13) throws -> (client: TLSContext, server: TLSContext) {
    var client = ClientTLSSettings(trusting: root)
    client.common.maximumVersion = version
    return (try TLSContext(client: client), try TLSContext(server: ServerTLSSettings(server)))
  }

  private func pair(_ version: TLSVersion = .tls13) throws -> TLSPair {
    let contexts = try contexts(version)
    return try TLSPair(contexts.client, contexts.server)
  }

  private static func pattern(_ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
  }

  @Test(arguments: [TLSVersion.tls12, .tls13], [1, 16_383, 16_384, 16_385, 70_000, 3_000_000])
  func bodiesOfAllSizesBothWays(_ version: TLSVersion, _ size: Int) throws {
    let pair = try pair(version)
    pair.turn()
    let body = Self.pattern(size)
    body.withUnsafeBytes {
      pair.clientConnection.write(ByteView("head"))
      pair.clientConnection.write(ByteView($0))
      pair.serverConnection.write(ByteView($0))
    }
    pair.turn { pair.client.received.count == size && pair.server.received.count == size + 4 }
    #expect(pair.client.received == body)
    #expect(pair.server.received == Array("head".utf8) + body)
    #expect(pair.clientConnection.bufferedBytes == 0)
    #expect(!pair.clientSession.hasUnsent)
  }

  @Test func whatIsHeldBackIsNotLost() throws {
    let pair = try pair()
    pair.serverConnection.readDisable(true)
    let body = Self.pattern(2_000_000)
    body.withUnsafeBytes { pair.clientConnection.write(ByteView($0)) }
    pair.turn(50)
    #expect(pair.server.connected == 1)
    #expect(pair.server.received.isEmpty)
    #expect(pair.clientConnection.bufferedBytes > 0)
    var rounds = 0
    while pair.server.received.count < body.count, rounds < 1000 {
      pair.serverConnection.readDisable(false)
      pair.turn(1)
      pair.serverConnection.readDisable(true)
      pair.turn(1)
      rounds += 1
    }
    #expect(pair.server.received == body)
  }

  @Test func whatTheDelegateLeavesIsKept() throws {
    let pair = try pair()
    pair.server.appetite = 1000
    let body = Self.pattern(100_000)
    body.withUnsafeBytes { pair.clientConnection.write(ByteView($0)) }
    pair.turn {
      pair.serverConnection.resumeReading()
      return pair.server.received.count == body.count
    }
    #expect(pair.server.received == body)
  }

  @Test func closingSendsTheRestFirst() throws {
    let pair = try pair()
    pair.turn()
    let body = Self.pattern(1_500_000)
    pair.clientConnection.readDisable(true)
    pair.clientConnection.detectsEarlyClose = false
    body.withUnsafeBytes { pair.serverConnection.write(ByteView($0)) }
    pair.serverConnection.close(.flushWrite)
    pair.turn(20)
    #expect(pair.server.closed.isEmpty)
    pair.clientConnection.readDisable(false)
    pair.turn { !pair.client.closed.isEmpty }
    #expect(pair.server.closed == [.localClose])
    #expect(pair.client.received == body)
    #expect(pair.client.closed == [.remoteClose])
  }

  @Test(arguments: [TLSVersion.tls12, .tls13]) func halfClose(_ version: TLSVersion) throws {
    let pair = try pair(version)
    pair.serverConnection.halfClose = true
    pair.clientConnection.halfClose = true
    pair.clientConnection.write(ByteView("request"))
    pair.clientConnection.shutdownWrite()
    pair.turn()
    #expect(pair.server.received == Array("request".utf8))
    #expect(pair.server.ended == 1)
    #expect(pair.server.closed.isEmpty)
    pair.serverConnection.write(ByteView("response"))
    pair.serverConnection.shutdownWrite()
    pair.turn()
    #expect(pair.client.received == Array("response".utf8))
    #expect(pair.client.closed == [.remoteClose])
    #expect(pair.server.closed == [.localClose])
  }

  /// Session tickets hold no data; what comes in one piece with them is seen all the same.
  @Test func anEndRightBehindTicketsIsSeen() throws {
    let pair = try pair(.tls13)
    pair.turn { pair.server.connected == 1 }
    shutdown(pair.serverSession.descriptor, Int32(SHUT_WR))
    pair.turn()
    #expect(pair.client.closed.count == 1)
  }

  @Test func aResetIsNoFailureOfTheTransport() throws {
    let contexts = try contexts()
    let loop = try EventLoop()
    let listener = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    let socket = try Sockets.bind(to: listener, reusePort: false)
    try Sockets.listen(socket.number, backlog: 1)
    let buffers = TLSBuffers(loop)
    let (caller, called) = (End(), End())
    let address = try #require(Sockets.localAddress(socket.number))
    let client = try Connection(
      loop, taking: Sockets.connect(to: address), connecting: true, delegate: caller,
      transportSocket: contexts.client.makeSession(buffers))
    #expect(client.isConnecting)
    var remote: SocketAddress?
    guard let accepted = try Sockets.accept(on: socket.number, remote: &remote) else {
      Issue.record("nothing to accept")
      return
    }
    let server = try Connection(
      loop, taking: accepted, connecting: false, delegate: called,
      transportSocket: contexts.server.makeSession(buffers))
    for _ in 0..<20 { loop.turn(waiting: false) }
    #expect(caller.connected == 1 && called.connected == 1)
    #expect(client.wasEstablished && server.wasEstablished)
    server.close(.abortReset)
    for _ in 0..<5 { loop.turn(waiting: false) }
    #expect(caller.closed == [.remoteFailure(ECONNRESET)])
  }

  // MARK: Half handshakes and garbage

  /// A server's end of a pair of sockets; the other end is the test's.
  private final class Raw {
    let loop: EventLoop
    let end = End()
    let session: TLSSession
    let connection: Connection
    var socket: Int32

    init(_ context: TLSContext) throws {
      loop = try EventLoop()
      session = context.makeSession(TLSBuffers(loop))
      let (first, second) = TLSPair.sockets()
      socket = first
      connection = try Connection(
        loop, taking: Descriptor(second), connecting: false, delegate: end, transportSocket: session)
    }

    deinit {
      connection.close(.noFlush)
      loop.turn(waiting: false)
      if socket >= 0 { close(socket) }
    }

    func send(_ bytes: [UInt8]) {
      _ = write(socket, bytes, bytes.count)
      turn()
    }

    func turn() { for _ in 0..<3 { loop.turn(waiting: false) } }

    func received() -> [UInt8] {
      var room = [UInt8](repeating: 0, count: 65_536)
      let count = read(socket, &room, room.count)
      return Array(room.prefix(max(count, 0)))
    }

    func hangUp() {
      close(socket)
      socket = -1
      turn()
    }
  }

  @Test func plainHTTPIsToldFromTLS() throws {
    let raw = try Raw(contexts().server)
    raw.send(Array("GET / HTTP/1.1\r\nhost: a\r\n\r\n".utf8))
    #expect(raw.end.closed == [.transportFailure])
    #expect(
      raw.session.failure
        == TLSFailure(counter: .connectionError, reason: "TLS error: plain HTTP came instead of TLS"))
  }

  @Test func garbageIsRefused() throws {
    var random = RandomGenerator(seed: 4)
    for length in [1, 5, 6, 100, 5000] {
      let raw = try Raw(contexts().server)
      raw.send([22, 3, 1] + (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) })
      raw.hangUp()
      #expect(raw.end.connected == 0)
      #expect(raw.end.closed.count == 1)
    }
  }

  /// A ClientHello that stops at any byte, and then the end.
  @Test func halfHandshakesEnd() throws {
    let contexts = try contexts()
    let hello = try Self.clientHello(contexts.client)
    for length in stride(from: 0, to: hello.count, by: 37) {
      let raw = try Raw(contexts.server)
      raw.send(Array(hello.prefix(length)))
      #expect(raw.end.closed.isEmpty)
      raw.hangUp()
      #expect(raw.end.closed == [.remoteClose])
      #expect(raw.session.failure?.counter == nil)
      #expect(raw.session.failureReason == "the peer closed the connection during the TLS handshake")
      #expect(!raw.connection.wasEstablished)
    }
  }

  /// One byte flipped at each place: refused or ignored, never a trap.
  @Test func flippedBytesAreHarmless() throws {
    let contexts = try contexts()
    let hello = try Self.clientHello(contexts.client)
    for index in stride(from: 0, to: hello.count, by: 3) {
      let raw = try Raw(contexts.server)
      var bytes = hello
      bytes[index] ^= 0x55
      raw.send(bytes)
      raw.hangUp()
      #expect(raw.end.connected == 0)
      #expect(raw.end.closed.count == 1)
    }
  }

  private static func clientHello(_ context: TLSContext) throws -> [UInt8] {
    let raw = try Raw(context)
    raw.turn()
    let hello = raw.received()
    #expect(hello.count > 100)
    return hello
  }

  /// Both sides' bytes one at a time.
  @Test(arguments: [TLSVersion.tls12, .tls13]) func bytesOneByOne(_ version: TLSVersion) throws {
    let contexts = try contexts(version)
    let client = try Raw(contexts.client)
    let server = try Raw(contexts.server)
    for _ in 0..<10 {
      client.turn()
      for byte in client.received() { server.send([byte]) }
      for byte in server.received() { client.send([byte]) }
    }
    #expect(client.end.connected == 1 && server.end.connected == 1)
    let body = Self.pattern(20_000)
    body.withUnsafeBytes { client.connection.write(ByteView($0)) }
    client.turn()
    for byte in client.received() { server.send([byte]) }
    #expect(server.end.received == body)
  }

  @Test func aBrokenRecordEndsAnOpenConnection() throws {
    let contexts = try contexts()
    let client = try Raw(contexts.client)
    let server = try Raw(contexts.server)
    for _ in 0..<5 {
      client.turn()
      server.send(client.received())
      client.send(server.received())
    }
    #expect(server.end.connected == 1)
    client.connection.write(ByteView("sealed"))
    client.turn()
    var record = client.received()
    record[record.count - 1] ^= 1
    server.send(record)
    #expect(server.end.closed == [.transportFailure])
    #expect(server.session.failureReason == "TLS error: decryption failed or bad record mac")
    client.send(server.received())
    #expect(client.end.closed == [.transportFailure])
    #expect(client.session.failureReason == "TLS error: the peer refused with alert 20, bad record mac")
  }

  /// No session outlives its connection. (Tests/Pressure watches the memory of ten thousand of them.)
  @Test func handshakesLeaveNothing() throws {
    var settings = ServerTLSSettings(server)
    settings.common.validation = .trusting(root)
    settings.requireClientCertificate = true
    let server = try TLSContext(server: settings)
    let client = try TLSContext(
      client: ClientTLSSettings(trusting: root, certificate: TestCertificate("client", issuer: root)))
    for _ in 0..<50 {
      weak var session: TLSSession?
      do {
        let pair = try TLSPair(client, server)
        pair.turn(4)
        #expect(pair.server.connected == 1)
        #expect(pair.serverSession.peer?.subject != nil)
        session = pair.serverSession
      }
      #expect(session == nil)
    }
  }
}
