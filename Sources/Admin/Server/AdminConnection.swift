import HTTP
import Reactor

/// One connection of the admin interface. A client that is silent for too long is sent away.
final class AdminConnection: ServerCodecDelegate {
  private static let idleNanoseconds: Int64 = 60_000_000_000
  private static let lingerNanoseconds: Int64 = 1_000_000_000
  /// Bytes of replies that wait for a client to read them before it may ask for more.
  private static let bufferLimit = 1 << 20

  unowned let server: AdminServer
  private var connection: Connection?
  private var codec: HTTP1ServerCodec?
  private var stream: AdminStream?
  private var timer = Timer()
  private var isPaused = false

  init(_ server: AdminServer, _ connection: Connection) {
    self.server = server
    self.connection = connection
    connection.bufferLimit = Self.bufferLimit
    super.init()
    codec = HTTP1ServerCodec(
      transport: connection, delegate: self, pool: server.headerMaps, options: HTTP1ServerOptions())
    timer.arm(server.loop, self, id: 0, after: Self.idleNanoseconds)
  }

  override func newStream(_ encoder: StreamEncoder) -> StreamDecoder {
    let stream = AdminStream(server, encoder)
    self.stream = stream
    return stream
  }

  override func streamComplete(_ decoder: StreamDecoder, reusable: Bool) {
    let requestWasRead = stream?.requestEnded ?? true
    if let stream { server.loop.release(stream) }
    stream = nil
    timer.arm(server.loop, self, id: 0, after: Self.idleNanoseconds)
    if reusable { return }
    if requestWasRead { connection?.close(.flushWrite) } else { linger() }
  }

  override func connectionReceived(_ bytes: ByteView) -> Int {
    guard let codec else { return bytes.count }
    do throws(CodecError) {
      let consumed = try codec.dispatch(bytes)
      if consumed < bytes.count, stream?.requestEnded == true, !isPaused, connection?.isOpen == true {
        isPaused = true
        connection?.readDisable(true)
      }
      return consumed
    } catch {
      stream?.refuse(error)
      linger()
      return bytes.count
    }
  }

  /// The client has more to say: it is left the time to read our reply.
  private func linger() {
    timer.arm(server.loop, self, id: 0, after: Self.lingerNanoseconds)
    connection?.close(.flushWriteAndDelay)
  }

  override func codecCanDecode() {
    guard isPaused else { return }
    isPaused = false
    if connection?.isOpen == true { connection?.readDisable(false) }
  }

  override func connectionAboveWriteBufferHighWatermark() { codec?.aboveWriteBufferHighWatermark() }

  override func connectionBelowWriteBufferLowWatermark() { codec?.belowWriteBufferLowWatermark() }

  override func codecReadDisable(_ disable: Bool) { connection?.readDisable(disable) }

  override func timerFired(_ id: UInt8) { connection?.close(.noFlush) }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    timer.disarm()
    if let codec { server.loop.release(codec) }
    if let stream { server.loop.release(stream) }
    codec = nil
    connection = nil
    stream = nil
    server.remove(self)
  }
}
