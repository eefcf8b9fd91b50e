import Glibc

@testable import Reactor
@testable import Security

/// One end's owner, which keeps what it is told.
final class End: ConnectionDelegate {
  var received: [UInt8] = []
  var connected = 0
  var ended = 0
  var closed: [ConnectionCloseEvent] = []
  var appetite = Int.max

  override func connectionDidConnect() { connected += 1 }
  override func connectionReceived(_ bytes: ByteView) -> Int {
    let taken = min(appetite, bytes.count)
    received += Array(bytes.prefix(taken).buffer)
    return taken
  }
  override func connectionReachedEnd() { ended += 1 }
  override func connectionDidClose(_ event: ConnectionCloseEvent) { closed.append(event) }
}

/// A TLS client and a TLS server on one loop, over a pair of sockets, with a clock that stands at 2026-01-01.
final class TLSPair {
  let clock = ManualClock()
  let loop: EventLoop
  let buffers: TLSBuffers
  let client = End()
  let server = End()
  let clientSession: TLSSession
  let serverSession: TLSSession
  let clientConnection: Connection
  let serverConnection: Connection

  init(
    _ clientContext: TLSContext, _ serverContext: TLSContext, options: TLSSessionOptions = TLSSessionOptions()
  ) throws {
    loop = try EventLoop(clock: .manual(clock))
    buffers = TLSBuffers(loop)
    clientSession = clientContext.makeSession(buffers, options)
    serverSession = serverContext.makeSession(buffers)
    let (first, second) = Self.sockets()
    clientConnection = try Connection(
      loop, taking: Descriptor(first), connecting: false, delegate: client, transportSocket: clientSession)
    serverConnection = try Connection(
      loop, taking: Descriptor(second), connecting: false, delegate: server, transportSocket: serverSession)
  }

  deinit {
    clientConnection.close(.noFlush)
    serverConnection.close(.noFlush)
    loop.turn(waiting: false)
  }

  static func sockets() -> (Int32, Int32) {
    var pair: [Int32] = [0, 0]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &pair)
    return (pair[0], pair[1])
  }

  func turn(_ times: Int = 10) { for _ in 0..<times { loop.turn(waiting: false) } }

  /// Turns until it holds, or too often.
  func turn(until condition: () -> Bool) {
    var turns = 0
    while !condition(), turns < 100_000 {
      loop.turn(waiting: false)
      turns += 1
    }
  }
}

extension ServerTLSSettings {
  init(_ certificate: TestCertificate) {
    self.init()
    common.certificates = [certificate.settings]
  }
}

extension ClientTLSSettings {
  init(trusting authority: TestCertificate, certificate: TestCertificate? = nil) {
    self.init()
    common.maximumVersion = .tls13
    common.certificates = certificate.map { [$0.settings] } ?? []
    common.validation = .trusting(authority)
  }
}

extension ValidationRules {
  static func trusting(_ authority: TestCertificate) -> ValidationRules {
    var rules = ValidationRules()
    rules.trustedCA = TLSData(authority.pem, source: "ca.pem")
    return rules
  }
}
