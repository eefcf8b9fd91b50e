import HTTP
import Reactor
import Testing

/// An HTTP/2 upstream on the test's own loop, which answers what the test says.
final class UpstreamServer {
  let port: UInt16
  private(set) var connections: [UpstreamServerConnection] = []
  private let loop: EventLoop
  private var acceptor: Acceptor?

  init(_ loop: EventLoop, _ options: HTTP2Options = HTTP2Options()) throws {
    self.loop = loop
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    let socket = try Sockets.bind(to: address, reusePort: false, ipv4Too: false)
    try Sockets.listen(socket.number, backlog: 100)
    port = try #require(Sockets.localAddress(socket.number)?.port)
    acceptor = try Acceptor(
      loop, listeningOn: socket,
      accepted: { [unowned self] socket, _ in
        if let connection = try? UpstreamServerConnection(loop, socket, options) { connections.append(connection) }
      }, failed: { _ in })
  }

  func close() {
    acceptor?.close()
    acceptor = nil
    for connection in connections { connection.connection?.close(.noFlush) }
  }

  /// The streams of all connections, in the order of the connections.
  var streams: [UpstreamServerStream] { connections.flatMap(\.streams) }
}

final class UpstreamServerConnection: ServerCodecDelegate {
  private(set) var connection: Connection?
  private(set) var codec: HTTP2ServerCodec?
  private(set) var streams: [UpstreamServerStream] = []
  private(set) var isClosed = false

  init(_ loop: EventLoop, _ socket: consuming Descriptor, _ options: HTTP2Options) throws {
    super.init()
    let connection = try Connection(loop, taking: socket, connecting: false, delegate: self)
    self.connection = connection
    codec = HTTP2ServerCodec(
      transport: connection, delegate: self, loop: loop, pool: HeaderMapPool(), options: options)
  }

  override func newStream(_ encoder: StreamEncoder) -> StreamDecoder {
    let stream = UpstreamServerStream(encoder)
    streams.append(stream)
    return stream
  }

  override func connectionReceived(_ bytes: ByteView) -> Int { (try? codec?.dispatch(bytes)) ?? bytes.count }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    isClosed = true
    connection = nil
  }
}

final class UpstreamServerStream: StreamDecoder {
  private let encoder: StreamEncoder
  private(set) var resets: [StreamReset] = []
  private(set) var isAbove = false

  init(_ encoder: StreamEncoder) {
    self.encoder = encoder
    super.init()
  }

  func respond(_ status: StaticString = "200", body: [UInt8]? = nil, endStream: Bool = true) {
    let headers = HeaderMap()
    headers.add(.status, status)
    encoder.encodeHeaders(headers, endStream: endStream && body == nil)
    if let body { send(body, endStream: endStream) }
  }

  func send(_ body: [UInt8], endStream: Bool) {
    body.withUnsafeBytes { encoder.encodeData(ByteView($0), endStream: endStream) }
  }

  func refuse() { encoder.reset(.remoteRefusedStreamReset) }

  func reset() { encoder.reset(.localReset) }

  override func decodeReset(_ reason: StreamReset) { resets.append(reason) }

  override func aboveWriteBufferHighWatermark() { isAbove = true }

  override func belowWriteBufferLowWatermark() { isAbove = false }
}
