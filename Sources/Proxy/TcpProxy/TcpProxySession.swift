import Glibc
import Reactor
import Security
import Telemetry

/// One downstream connection and the upstream connection that its bytes go to and come from (Envoy's tcp_proxy).
///
///     connecting --upstream stands--> relaying --both ends, or either gone--> over
///         |  ^                          |
///         +--+ another host             +-- idle, duration --> over
final class TcpProxySession: ConnectionDelegate {
  private enum TimerID {
    static let connect: UInt8 = 0
    static let idle: UInt8 = 1
    static let duration: UInt8 = 2
  }

  let proxy: TcpProxyInfo
  let worker: Worker
  private unowned let listener: WorkerListener
  let chain: FilterChainInfo
  /// What listener filters and TLS know of the downstream connection; nil for a plain one.
  let socket: DownstreamSocket?
  /// Place in the worker's list.
  var index = 0
  private var downstream: Connection?
  private var upstream: Connection?
  private var upstreamSide: UpstreamSide?
  private var upstreamTransport: TransportSocket?
  private var cluster: WorkerCluster?
  private var attempts = 0
  private var connected = false
  private var isOver = false
  /// The downstream connection is closed and logged.
  private var hasClosed = false
  private var timedOut = false
  private var lastActivity: Int64
  private var connectTimer = Timer()
  private var idleTimer = Timer()
  private var durationTimer = Timer()
  private var upstreamSince: Int64 = 0
  private(set) var info = StreamInfo()
  let id: UInt64
  let remoteAddress: SocketAddress?
  private(set) lazy var localAddress: SocketAddress? = downstream?.localAddress

  init(
    _ proxy: TcpProxyInfo, worker: Worker, listener: WorkerListener, chain: FilterChainInfo, downstream: Connection,
    remote: SocketAddress?, socket: DownstreamSocket?
  ) {
    self.proxy = proxy
    self.worker = worker
    self.listener = listener
    self.chain = chain
    self.socket = socket
    self.downstream = downstream
    remoteAddress = remote
    id = worker.makeConnectionID()
    lastActivity = worker.loop.now
    super.init()
    info.startTime = worker.loop.now
    info.startWallTime = worker.loop.wallNow
  }

  private var shard: StatsShard { worker.shard }

  /// Connects upstream at once, so that servers that speak first are heard.
  func start() {
    guard let downstream else { return }
    downstream.delegate = self
    downstream.halfClose = true
    downstream.bufferLimit = proxy.bufferLimit
    downstream.readDisable(true)
    shard.increment(proxy.stats[.downstreamCxTotal])
    if proxy.maxConnectionDuration > 0 {
      durationTimer.arm(worker.loop, self, id: TimerID.duration, after: proxy.maxConnectionDuration)
    }
    guard let index = proxy.chooseCluster(random: worker.loop.random.next()) else {
      shard.increment(proxy.stats[.downstreamCxNoRoute])
      info.responseFlags.insert(.noClusterFound)
      return downstream.close(.noFlush)
    }
    cluster = worker.clusters[index]
    info.upstreamCluster = cluster.map { Unretained($0.info) }
    connect()
  }

  // MARK: Connecting

  private func connect() {
    guard let cluster else { return }
    let stats = cluster.info.stats
    guard attempts < proxy.maxConnectAttempts else {
      shard.increment(stats[.upstreamCxConnectAttemptsExceeded])
      info.responseFlags.insert(.upstreamRetryLimitExceeded)
      downstream?.close(.noFlush)
      return
    }
    guard let index = cluster.chooseHost(for: downstream?.originalDestination) else {
      shard.increment(stats[.upstreamCxNoneHealthy])
      info.responseFlags.insert(.noHealthyUpstream)
      downstream?.close(.noFlush)
      return
    }
    let breaker = cluster.info.circuitBreaker(.default)
    guard breaker.connections.tryAcquire() else {
      shard.increment(stats[.upstreamCxOverflow])
      info.responseFlags.insert(.upstreamOverflow)
      downstream?.close(.noFlush)
      return
    }
    guard breaker.pendingRequests.tryAcquire() else {
      breaker.connections.release()
      shard.increment(stats[.upstreamRqPendingOverflow])
      info.responseFlags.insert(.upstreamOverflow)
      downstream?.close(.noFlush)
      return
    }
    attempts += 1
    info.attemptCount = attempts
    shard.increment(stats[.upstreamRqPendingTotal])
    shard.adjust(stats[.upstreamRqPendingActive], by: 1)
    open(cluster.hostSet.candidates[index], cluster)
  }

  private func open(_ host: Host, _ cluster: WorkerCluster) {
    info.upstreamHost = host
    upstreamSince = worker.loop.now
    timedOut = false
    shard.increment(cluster.info.stats[.upstreamCxTotal])
    shard.adjust(cluster.info.stats[.upstreamCxActive], by: 1)
    shard.increment(host.stats[.cxTotal])
    shard.adjust(host.stats[.cxActive], by: 1)
    connectTimer.arm(worker.loop, self, id: TimerID.connect, after: cluster.info.connectTimeoutNanoseconds)
    let side = UpstreamSide(self)
    upstreamSide = side
    do {
      let socket = try host.connect()
      if let keepalive = cluster.info.tcpKeepalive { keepalive.apply(to: socket.number) }
      let transport = host.tls.map { worker.tls(of: $0).makeSocket(to: host, nil, alpn: []) }
      let connection = try Connection(
        worker.loop, taking: socket, connecting: true, delegate: side, transportSocket: transport)
      upstreamTransport = transport
      connection.halfClose = true
      connection.bufferLimit = cluster.info.bufferLimit
      upstream = connection
    } catch {
      refused = error.code
      worker.loop.soon(self)
    }
  }

  private var refused: Int32 = 0

  override func runLater() { upstreamClosed(.connectFailure(refused)) }

  private func upstreamConnected() {
    guard let cluster else { return }
    info.upstreamTLS = upstreamTransport as? TLSSession
    if let tls = info.upstreamTLS, let factory = info.upstreamHost?.tls {
      worker.tls(of: factory).countHandshake(tls)
    }
    connectTimer.disarm()
    connected = true
    leavePending(cluster)
    info.upstreamLocalAddress = upstream?.localAddress
    shard.record(cluster.info.connectMilliseconds, UInt64((worker.loop.now - upstreamSince) / 1_000_000))
    shard.increment(cluster.info.stats[.upstreamRqTotal])
    shard.adjust(cluster.info.stats[.upstreamRqActive], by: 1)
    if let host = info.upstreamHost {
      shard.increment(host.stats[.rqTotal])
      shard.adjust(host.stats[.rqActive], by: 1)
      if let reached = host.monitor?.put(.response(status: 200)), !reached.isEmpty {
        worker.reportOutlier(cluster.info, host, reached)
      }
    }
    lastActivity = worker.loop.now
    if proxy.idleTimeout > 0 { idleTimer.arm(worker.loop, self, id: TimerID.idle, after: proxy.idleTimeout) }
    downstream?.readDisable(false)
  }

  private func leavePending(_ cluster: WorkerCluster) {
    cluster.info.circuitBreaker(.default).pendingRequests.release()
    shard.adjust(cluster.info.stats[.upstreamRqPendingActive], by: -1)
  }

  override func connectionDidConnect() { socket?.connected() }

  // MARK: Bytes

  override func connectionReceived(_ bytes: ByteView) -> Int {
    if let socket, socket.hasFilters, !socket.passes(bytes, endStream: false) { return 0 }
    lastActivity = worker.loop.now
    info.bytesReceived += bytes.count
    upstream?.write(bytes)
    return bytes.count
  }

  override func connectionReachedEnd() {
    if let socket, !socket.passes(.empty, endStream: true) { return }
    upstream?.shutdownWrite()
  }

  override func connectionDidRead(_ count: Int) { shard.add(proxy.stats[.downstreamCxRxBytesTotal], UInt64(count)) }

  override func connectionDidWrite(_ count: Int) { shard.add(proxy.stats[.downstreamCxTxBytesTotal], UInt64(count)) }

  override func connectionAboveWriteBufferHighWatermark() { upstream?.readDisable(true) }

  override func connectionBelowWriteBufferLowWatermark() { upstream?.readDisable(false) }

  private func upstreamReceived(_ bytes: ByteView) {
    lastActivity = worker.loop.now
    info.bytesSent += bytes.count
    downstream?.write(bytes)
  }

  private func downstreamReadDisable(_ disable: Bool) {
    shard.increment(
      proxy.stats[disable ? .downstreamFlowControlPausedReadingTotal : .downstreamFlowControlResumedReadingTotal])
    downstream?.readDisable(disable)
  }

  // MARK: The end

  override func timerFired(_ id: UInt8) {
    switch id {
    case TimerID.connect:
      timedOut = true
      upstream?.close(.noFlush)
    case TimerID.duration:
      shard.increment(proxy.stats[.maxDownstreamConnectionDuration])
      info.responseFlags.insert(.durationTimeout)
      downstream?.close(.noFlush)
    default: checkIdle()
    }
  }

  private func checkIdle() {
    let idle = worker.loop.now - lastActivity
    if idle < proxy.idleTimeout {
      idleTimer.arm(worker.loop, self, id: TimerID.idle, after: proxy.idleTimeout - idle)
    } else {
      shard.increment(proxy.stats[.idleTimeout])
      upstream?.close(.noFlush)
      downstream?.close(.noFlush)
    }
  }

  private func upstreamClosed(_ event: ConnectionCloseEvent) {
    countUpstreamClose(event)
    upstream = nil
    upstreamSide = nil
    if isOver {
      leave()
    } else if connected {
      closeDownstream(event)
    } else {
      info.responseFlags.insert(.upstreamConnectionFailure)
      connect()
    }
  }

  /// A reset is passed on as one.
  private func closeDownstream(_ event: ConnectionCloseEvent) {
    if case .remoteFailure = event {
      if downstream != nil { info.responseFlags.insert(.upstreamRemoteReset) }
      downstream?.close(.abortReset)
    } else {
      downstream?.close(.flushWrite)
    }
  }

  private func countUpstreamClose(_ event: ConnectionCloseEvent) {
    guard let cluster, let host = info.upstreamHost else { return }
    let stats = cluster.info.stats
    if event == .transportFailure, let factory = host.tls, let tls = upstreamTransport as? TLSSession {
      worker.tls(of: factory).countFailure(tls)
    }
    connectTimer.disarm()
    cluster.info.circuitBreaker(.default).connections.release()
    shard.adjust(stats[.upstreamCxActive], by: -1)
    shard.adjust(host.stats[.cxActive], by: -1)
    shard.record(cluster.info.lengthMilliseconds, UInt64((worker.loop.now - upstreamSince) / 1_000_000))
    let local = event == .localClose
    shard.increment(stats[.upstreamCxDestroy])
    shard.increment(stats[local ? .upstreamCxDestroyLocal : .upstreamCxDestroyRemote])
    if connected {
      shard.adjust(stats[.upstreamRqActive], by: -1)
      shard.adjust(host.stats[.rqActive], by: -1)
      shard.increment(stats[.upstreamCxDestroyWithActiveRq])
      shard.increment(stats[local ? .upstreamCxDestroyLocalWithActiveRq : .upstreamCxDestroyRemoteWithActiveRq])
      return
    }
    leavePending(cluster)
    shard.increment(stats[.upstreamCxConnectFail])
    shard.increment(host.stats[.cxConnectFail])
    if timedOut { shard.increment(stats[.upstreamCxConnectTimeout]) }
    info.upstreamTransportFailure = TransportFailure(event, upstreamTransport, established: false)
    if isOver {
      shard.increment(stats[.upstreamRqCancelled])
      return
    }
    shard.increment(stats[.upstreamRqPendingFailureEject])
    let result: OutlierResult = timedOut ? .localOriginTimeout : .localOriginConnectFailed
    if let reached = host.monitor?.put(result), !reached.isEmpty { worker.reportOutlier(cluster.info, host, reached) }
  }

  /// The process ends.
  func abort() { downstream?.close(.noFlush) }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    isOver = true
    socket?.closed(event)
    // The logs may ask for it when the socket is gone.
    if !proxy.accessLogs.isEmpty || !listener.accessLogs.isEmpty { _ = localAddress }
    downstream = nil
    connectTimer.disarm()
    durationTimer.disarm()
    upstream?.close(closeType(event))
    info.endTime = worker.loop.now
    for log in listener.accessLogs { log.write(self, worker, isOfListener: true) }
    for log in proxy.accessLogs { log.write(self, worker, isOfListener: false) }
    listener.connectionClosed(createdAt: info.startTime)
    hasClosed = true
    leave()
  }

  /// Ends the session once the upstream has what was sent to it, or has been idle for too long.
  private func leave() {
    guard hasClosed, upstreamSide == nil else { return }
    idleTimer.disarm()
    worker.remove(self)
  }

  /// How the upstream connection ends with the downstream one: all that came is sent on, and a reset passed on as one.
  private func closeType(_ event: ConnectionCloseEvent) -> ConnectionCloseType {
    switch event {
    case .localClose: .noFlush
    case .remoteFailure: .abortReset
    case .remoteClose, .connectFailure, .transportFailure: .flushWrite
    }
  }

  /// The upstream connection's delegate: the same session from its other side.
  private final class UpstreamSide: ConnectionDelegate {
    private let session: TcpProxySession

    init(_ session: TcpProxySession) {
      self.session = session
      super.init()
    }

    private func count(_ stat: ClusterStat, _ count: Int) {
      if let cluster = session.cluster { session.shard.add(cluster.info.stats[stat], UInt64(count)) }
    }

    override func connectionDidConnect() { session.upstreamConnected() }

    override func connectionReceived(_ bytes: ByteView) -> Int {
      session.upstreamReceived(bytes)
      return bytes.count
    }

    override func connectionReachedEnd() { session.downstream?.shutdownWrite() }

    override func connectionDidRead(_ count: Int) { self.count(.upstreamCxRxBytesTotal, count) }

    override func connectionDidWrite(_ count: Int) { self.count(.upstreamCxTxBytesTotal, count) }

    override func connectionAboveWriteBufferHighWatermark() { session.downstreamReadDisable(true) }

    override func connectionBelowWriteBufferLowWatermark() { session.downstreamReadDisable(false) }

    override func connectionDidClose(_ event: ConnectionCloseEvent) { session.upstreamClosed(event) }
  }
}
