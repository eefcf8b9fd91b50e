import EnvoyConfig
import HTTP
import Reactor
import Security

/// A check by a request, over a connection of the session's own.
final class StreamHealthCheckSession: HealthCheckSession {
  private let makeExchange: (StreamHealthCheckSession) -> HealthCheckExchange
  private var connection: Connection?
  private var codec: ClientCodec?
  /// The request under way.
  private var exchange: HealthCheckExchange?
  private var encoder: Unretained<StreamEncoder>?
  /// The connection carries no further request.
  private var isLast = false

  init(
    _ checker: HealthChecker, _ host: Host, _ makeExchange: @escaping (StreamHealthCheckSession) -> HealthCheckExchange
  ) {
    self.makeExchange = makeExchange
    super.init(checker, host)
  }

  // MARK: Checking

  override func check() {
    if codec == nil {
      do {
        try connect()
      } catch {
        return fail(.network)
      }
    }
    guard let codec else { return }
    let exchange = makeExchange(self)
    self.exchange = exchange
    let encoder = codec.newStream(exchange)
    self.encoder = encoder
    encoder.use { exchange.send(to: $0) }
  }

  private func connect() throws(SystemError) {
    let connection = try connect(delegate: self)
    self.connection = connection
    isLast = false
    let pool = checker.main.headerMaps
    codec =
      if speaksHTTP2 {
        HTTP2ClientCodec(
          transport: connection, delegate: self, loop: loop, pool: pool, options: checker.cluster.http2Options)
      } else {
        HTTP1ClientCodec(transport: connection, delegate: self, pool: pool, options: checker.cluster.codecOptions)
      }
  }

  private var speaksHTTP2: Bool {
    switch checker.info.config.checker {
    case .http(let config): config.isHTTP2
    case .grpc: true
    case .tcp: false
    }
  }

  /// From the exchange, once: it is over.
  /// - Parameter failure: nil for success.
  func exchangeEnded(_ failure: HealthCheckState.Failure?, degraded: Bool = false) {
    forgetExchange()
    if let failure { fail(failure) } else { succeed(degraded: degraded) }
  }

  /// From the exchange: what still comes of the response is of no use.
  func resetExchange() { encoder?.use { $0.reset(.localReset) } }

  private func forgetExchange() {
    if let exchange { loop.release(exchange) }
    exchange = nil
    encoder = nil
  }

  /// As Envoy: an RPC is given up with its stream, any other request with its connection.
  override func abandonCheck() {
    if case .grpc = checker.info.config.checker, connection?.isConnecting == false, !isLast {
      let encoder = encoder
      forgetExchange()
      encoder?.use { $0.reset(.localReset) }
    } else {
      closeConnection()
    }
  }

  // MARK: The codec

  override func streamComplete(_ decoder: StreamDecoder, _ end: ClientStreamEnd) {
    let breaks = codec?.httpProtocol == .http11 && end != .reusable
    if breaks || isLast || !checker.info.config.reuseConnection { closesSoon = true }
    if closesSoon { loop.later(self) }
  }

  /// The stream that has just ended may have more to say in this turn.
  private var closesSoon = false

  override func runLater() {
    guard closesSoon else { return }
    closesSoon = false
    if exchange == nil { closeConnection() }
  }

  override func goAwayReceived() {
    isLast = true
    if exchange == nil { closeConnection() }
  }

  override func keepaliveTimedOut() { broken() }

  override func codecFailed(_ error: CodecError) { broken() }

  // MARK: The connection

  override func connectionDidConnect() {
    if let session = connection?.transportSocket as? TLSSession { checker.main.healthCheckTLS.connected(session, host) }
  }

  override func connectionReceived(_ bytes: ByteView) -> Int {
    do {
      return try codec?.dispatch(bytes) ?? bytes.count
    } catch {
      broken()
      return bytes.count
    }
  }

  override func connectionAboveWriteBufferHighWatermark() { codec?.aboveWriteBufferHighWatermark() }

  override func connectionBelowWriteBufferLowWatermark() { codec?.belowWriteBufferLowWatermark() }

  override func codecReadDisable(_ disable: Bool) { connection?.readDisable(disable) }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    if event == .transportFailure, let session = connection?.transportSocket as? TLSSession {
      checker.main.healthCheckTLS.failed(session, host)
    }
    if exchange != nil, codec?.httpProtocol == .http11 {
      // A response may last until the close.
      try? codec?.endOfInput(isClean: event == .remoteClose)
    }
    connection = nil
    broken()
  }

  private func broken() {
    let wasChecking = exchange != nil
    closeConnection()
    if wasChecking { fail(.network) }
  }

  /// Whatever is under way on it ends unheard.
  override func closeConnection() {
    forgetExchange()
    closesSoon = false
    let connection = connection
    self.connection = nil
    if let codec { loop.release(codec) }
    codec = nil
    connection?.delegate = nil
    connection?.close(.flushOnce)
  }
}
