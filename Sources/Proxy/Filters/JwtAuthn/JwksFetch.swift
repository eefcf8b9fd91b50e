import HTTP
import Reactor
import Telemetry

/// Fetches a provider's keys through a cluster, with the pool and the counters that requests of clients have.
///
///     idle --start--> waiting for a stream --> waiting for the response --> told
///                            |                          |
///                            +--- failure, timeout -----+--> again after a while (retry_policy), or told
final class JwksFetch: UpstreamCallbacks {
  enum Event {
    /// ``JwksFetch/startAgain(after:)`` is over.
    case due
    /// Nil: there are no keys.
    case ended(JsonWebKeySet?)
  }

  private enum TimerID {
    static let timeout: UInt8 = 0
    static let backOff: UInt8 = 1
    static let refetch: UInt8 = 2
  }

  /// A set of keys that is larger is none.
  private static let limit = 1 << 20

  private let remote: JwtAuthnInfo.RemoteKeys
  private let localAddress: [UInt8]
  private let worker: Worker
  private let notify: (Event) -> Void
  private var cluster: WorkerCluster?
  private var pool: ConnectionPool?
  private var encoder: Unretained<StreamEncoder>?
  private var client: Unretained<PoolClient>?
  private var isWaiting = false
  private var status = 0
  private var body: [UInt8] = []
  private var startedAt: Int64 = 0
  private var retriesLeft = 0
  private var backOff: RetryBackOff?
  private var result: JsonWebKeySet?
  private var isTelling = false
  private var timeoutTimer = Timer()
  private var backOffTimer = Timer()
  private var refetchTimer = Timer()

  /// - Parameter notify: hears of the end, never while ``start()`` runs.
  init(
    _ remote: JwtAuthnInfo.RemoteKeys, localAddress: [UInt8], worker: Worker,
    notify: @escaping (Event) -> Void
  ) {
    self.remote = remote
    self.localAddress = localAddress
    self.worker = worker
    self.notify = notify
    super.init()
  }

  func start() {
    refetchTimer.disarm()
    retriesLeft = remote.retries?.count ?? 0
    backOff = remote.retries.map {
      RetryBackOff(baseMilliseconds: $0.baseMilliseconds, maxMilliseconds: $0.maxMilliseconds)
    }
    startedAt = worker.loop.now
    cluster = withBytes(remote.cluster) { worker.snapshot.clusterIndex(named: $0) }.map { worker.clusters[$0] }
    if remote.timeoutNanoseconds > 0 {
      timeoutTimer.arm(worker.loop, self, id: TimerID.timeout, after: remote.timeoutNanoseconds)
    }
    attempt()
  }

  func startAgain(after nanoseconds: Int64) {
    refetchTimer.arm(worker.loop, self, id: TimerID.refetch, after: nanoseconds)
  }

  private func attempt() {
    status = 0
    body = []
    guard let cluster else { return tell(nil) }
    guard let host = cluster.chooseHost() else {
      worker.shard.increment(cluster.info.stats[.upstreamCxNoneHealthy])
      cluster.count(503, isInternal: true, worker.shard)
      return tell(nil)
    }
    let pool = cluster.pool(at: host, priority: .default, downstream: nil).object
    self.pool = pool
    isWaiting = true
    pool.newStream(self)
  }

  // MARK: The pool

  override func poolReady(_ encoder: StreamEncoder, _ client: PoolClient) {
    isWaiting = false
    self.encoder = Unretained(encoder)
    self.client = Unretained(client)
    let headers = worker.headerMaps.take()
    headers.add(.method, "GET")
    remote.path.withUnsafeBytes { headers.add(.path, ByteView($0)) }
    remote.host.withUnsafeBytes { headers.add(.authority, ByteView($0)) }
    headers.add(.scheme, client.host.tls == nil ? "http" : "https")
    headers.add(.userAgent, "Go-browser")
    headers.add(.xEnvoyInternal, "true")
    localAddress.withUnsafeBytes { headers.add(.xForwardedFor, ByteView($0)) }
    let milliseconds = Int(remote.timeoutNanoseconds / 1_000_000)
    if milliseconds > 0 { headers.add(.xEnvoyExpectedRequestTimeout, decimal: milliseconds) }
    encoder.encodeHeaders(headers, endStream: true)
    worker.headerMaps.giveBack(headers)
  }

  override func poolFailure(_ reason: StreamReset, host: Host?, transportFailure: TransportFailure) {
    isWaiting = false
    cluster?.count(503, isInternal: true, worker.shard)
    failed(.connectFailure)
  }

  // MARK: The response

  override func decodeInformational(_ headers: HeaderMap) { worker.headerMaps.giveBack(headers) }

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    status = headers.value(of: .status)?.decimal ?? 0
    worker.headerMaps.giveBack(headers)
    cluster?.count(UInt16(clamping: status), isInternal: true, worker.shard)
    if endStream { responseEnded() }
  }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    if body.count + data.count > Self.limit {
      abandon()
      return tell(nil)
    }
    body += data.buffer
    if endStream { responseEnded() }
  }

  override func decodeTrailers(_ trailers: HeaderMap) {
    worker.headerMaps.giveBack(trailers)
    responseEnded()
  }

  override func decodeReset(_ reason: StreamReset) {
    encoder = nil
    client?.use { $0.countReset(reason) }
    if status == 0 { cluster?.count(503, isInternal: true, worker.shard) }
    failed(.reset)
  }

  private func responseEnded() {
    encoder = nil
    let milliseconds = UInt64(max(0, worker.loop.now - startedAt) / 1_000_000)
    cluster?.record(milliseconds: milliseconds, isInternal: true, worker.shard)
    if status >= 500 { return failed([.serverError, 502...504 ~= status ? .gatewayError : []]) }
    tell(status == 200 ? try? JsonWebKeySet(json: body) : nil)
  }

  // MARK: Failures

  private func failed(_ reason: RetryOn) {
    guard let retries = remote.retries, retriesLeft > 0, !retries.on.isDisjoint(with: reason), !isTelling else {
      return tell(nil)
    }
    retriesLeft -= 1
    if let cluster { worker.shard.increment(cluster.info.stats[.upstreamRqRetry]) }
    let wait = backOff?.next(random: &worker.loop.random) ?? 0
    backOffTimer.arm(worker.loop, self, id: TimerID.backOff, after: max(wait, 1))
  }

  override func timerFired(_ id: UInt8) {
    switch id {
    case TimerID.timeout:
      if let cluster {
        worker.shard.increment(cluster.info.stats[.upstreamRqTimeout])
        if status == 0 { cluster.count(504, isInternal: true, worker.shard) }
      }
      abandon()
      tell(nil)
    case TimerID.backOff: attempt()
    default: notify(.due)
    }
  }

  private func abandon() {
    let encoder = encoder
    self.encoder = nil
    if isWaiting {
      isWaiting = false
      pool?.cancel(self)
    }
    guard let encoder else { return }
    client?.use { $0.countReset(.localReset) }
    encoder.use { $0.reset(.localReset) }
  }

  // MARK: The end

  /// At the end of the turn, since whoever asked may still be asking.
  private func tell(_ keys: JsonWebKeySet?) {
    if isTelling { return }
    isTelling = true
    timeoutTimer.disarm()
    backOffTimer.disarm()
    result = keys
    worker.loop.later(self)
  }

  override func runLater() {
    isTelling = false
    let keys = result
    result = nil
    body = []
    notify(.ended(keys))
  }
}
