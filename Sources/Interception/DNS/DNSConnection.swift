import Reactor

/// One TCP connection of the app's resolver: queries and replies behind their lengths (RFC 1035 §4.2.2).
final class DNSConnection: ConnectionDelegate {
  private static let idleNanoseconds: Int64 = 10_000_000_000
  /// Bytes of replies that may wait for a client that does not read.
  private static let bufferLimit = 1 << 20

  private unowned let server: DNSServer
  private var connection: Connection?
  private var timer = Timer()
  /// Questions that are not answered yet.
  private var pending = 0
  /// The client asks no more, and still reads.
  private var hasAskedAll = false

  init(_ server: DNSServer, _ connection: Connection) {
    self.server = server
    self.connection = connection
    super.init()
  }

  func start() {
    connection?.delegate = self
    connection?.halfClose = true
    arm()
  }

  private func arm() { timer.arm(server.loop, self, id: 0, after: Self.idleNanoseconds) }

  override func timerFired(_ id: UInt8) { close() }

  func close() { connection?.close(.noFlush) }

  override func connectionReceived(_ bytes: ByteView) -> Int {
    var taken = 0
    while bytes.count - taken >= 2 {
      let length = Int(bytes[taken]) << 8 | Int(bytes[taken + 1])
      guard bytes.count - taken - 2 >= length else { break }
      let message = bytes[taken + 2..<taken + 2 + length]
      taken += 2 + length
      arm()
      pending += 1
      server.answer(Array(message.buffer), self)
    }
    return taken
  }

  override func connectionReachedEnd() {
    hasAskedAll = true
    closeIfDone()
  }

  private func closeIfDone() {
    if hasAskedAll, pending == 0 { connection?.close(.flushWrite) }
  }

  /// A message had nothing that could be answered.
  func ignore() {
    pending -= 1
    closeIfDone()
  }

  func send(_ reply: [UInt8]) {
    pending -= 1
    guard let connection, connection.bufferedBytes < Self.bufferLimit else { return close() }
    let framed = [UInt8(truncatingIfNeeded: reply.count >> 8), UInt8(truncatingIfNeeded: reply.count)] + reply
    framed.withUnsafeBytes { connection.write(ByteView($0)) }
    closeIfDone()
  }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    timer.disarm()
    server.loop.release(self)
    server.remove(self)
    connection = nil
  }
}
