import HTTP
import Reactor
import Telemetry

/// One attempt of the router's at a host: the stream that it gets from the pool, and what comes back on it.
///
///     waiting --pool ready--> sending --response head--> responding --end--> done
///        |                       |                           |
///        +---- pool failure -----+---- reset, per-try time --+---- reset --> done
final class UpstreamRequest: UpstreamCallbacks {
  private enum TimerID {
    static let perTry: UInt8 = 0
    static let perTryIdle: UInt8 = 1
  }

  private let router: RouterFilter
  private let loop: EventLoop
  /// The router's stream has it.
  private(set) var host: Unretained<Host>?
  private var pool: ConnectionPool?
  /// The codec's: it lives longer than the stream.
  private(set) var encoder: Unretained<StreamEncoder>?
  /// Whose stream it is; kept to the end of the turn in which it closes.
  private var client: Unretained<PoolClient>?
  private(set) var isWaiting = false
  private(set) var responseStarted = false
  private(set) var hadInterim = false
  /// How many times over the request is held back.
  private var backlogs = 0
  private var perTryTimer = Timer()
  private var perTryIdleTimer = Timer()
  private var lastActivity: Int64 = 0
  private var perTryIdleTimeout: Int64 = 0

  init(_ router: RouterFilter, worker: Worker) {
    self.router = router
    loop = worker.loop
    super.init()
  }

  /// Asks the pool for a stream.
  func start(_ pool: ConnectionPool) {
    // Mostly that of the object's last use: kept, it need not be retained anew.
    if self.pool !== pool { self.pool = pool }
    host = Unretained(pool.host)
    isWaiting = true
    responseStarted = false
    hadInterim = false
    pool.newStream(self)
  }

  // MARK: The pool

  override func poolReady(_ encoder: StreamEncoder, _ client: PoolClient) {
    isWaiting = false
    self.encoder = Unretained(encoder)
    self.client = Unretained(client)
    router.upstreamReady(self, encoder, client)
  }

  override func poolFailure(_ reason: StreamReset, host: Host?, transportFailure: TransportFailure) {
    isWaiting = false
    self.host = host.unretained
    forget()
    router.upstreamFailed(self, reason, transportFailure: transportFailure)
  }

  // MARK: Times

  func armPerTry(_ nanoseconds: Int64, idle: Int64) {
    if nanoseconds > 0 { perTryTimer.arm(loop, self, id: TimerID.perTry, after: nanoseconds) }
    perTryIdleTimeout = idle
    lastActivity = loop.now
    if idle > 0 { perTryIdleTimer.arm(loop, self, id: TimerID.perTryIdle, after: idle) }
  }

  override func timerFired(_ id: UInt8) {
    if id == TimerID.perTry { return router.perTryTimeout(self) }
    let idle = loop.now - lastActivity
    if idle < perTryIdleTimeout {
      perTryIdleTimer.arm(loop, self, id: TimerID.perTryIdle, after: perTryIdleTimeout - idle)
    } else {
      router.perTryIdleTimeout(self)
    }
  }

  // MARK: The response, from the codec

  override func decodeInformational(_ headers: HeaderMap) {
    let isFirst = !hadInterim
    hadInterim = true
    router.upstreamInformational(headers, isFirst: isFirst)
  }

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    responseStarted = true
    lastActivity = loop.now
    perTryTimer.disarm()
    if endStream { responseEnded() }
    router.upstreamHeaders(self, headers, endStream: endStream)
  }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    lastActivity = loop.now
    if endStream { responseEnded() }
    router.upstreamData(self, data, endStream: endStream)
  }

  override func decodeTrailers(_ trailers: HeaderMap) {
    responseEnded()
    router.upstreamTrailers(self, trailers)
  }

  override func decodeReset(_ reason: StreamReset) {
    client?.use { $0.countReset(reason) }
    forget()
    router.upstreamFailed(self, reason, transportFailure: .none)
  }

  /// An HTTP/2 stream may be held back for itself and for its connection.
  override func aboveWriteBufferHighWatermark() {
    backlogs += 1
    if backlogs == 1 { router.upstreamBackedUp(true) }
  }

  override func belowWriteBufferLowWatermark() {
    if backlogs == 0 { return }
    backlogs -= 1
    if backlogs == 0 { router.upstreamBackedUp(false) }
  }

  // MARK: The end

  /// Gives the attempt up: a stream that is open is reset. Nothing more is heard of it.
  func cancel() {
    let encoder = encoder
    let waiting = isWaiting
    isWaiting = false
    forget()
    if waiting { pool?.cancel(self) }
    if let encoder { reset(encoder) }
  }

  /// As Envoy: who answers before the request has come whole gets no more of it.
  private func responseEnded() {
    let encoder = encoder
    forget()
    if !router.requestEnded, let encoder { reset(encoder) }
  }

  private func reset(_ encoder: Unretained<StreamEncoder>) {
    client?.use { $0.countReset(.localReset) }
    encoder.use { $0.reset(.localReset) }
  }

  private func forget() {
    perTryTimer.disarm()
    perTryIdleTimer.disarm()
    encoder = nil
    backlogs = 0
  }
}
