import HTTP
import Reactor
import Security
import Telemetry

/// One worker thread's part of the proxy: its loop, and everything that lives on it. Only its own thread touches it; the
/// main loop speaks to it by ``Mailbox``.
final class Worker {
  let loop: EventLoop
  let shard: StatsShard
  let headerMaps = HeaderMapPool()
  let snapshot: Snapshot
  let index: Int
  private let main: Mailbox<MainLoop>
  /// The door to this worker, for what works elsewhere on its behalf; nil in tests.
  let mailbox: Mailbox<Worker>?
  private(set) var clusters: [WorkerCluster] = []
  /// Made with the first connection that needs them.
  private lazy var tlsBuffers = TLSBuffers(loop)
  /// By the index of their factory.
  private var tls: [WorkerTLS?] = []
  /// The filters' configurations are the snapshot's.
  private var jwtAuthn: [ObjectIdentifier: WorkerJwtAuthn] = [:]
  private var listeners: [WorkerListener] = []
  private var listenersByAddress: [SocketAddress: WorkerListener] = [:]
  private var connections: [ConnectionManager] = []
  private var sessions: [TcpProxySession] = []
  private(set) var isDraining = false
  /// Since when, and over how long, connections are asked to close (/drain_listeners?graceful); 0: they are not.
  private var drainStart: Int64 = 0
  private var drainDuration: Int64 = 0
  private var drainsInboundOnly = false
  /// Set by POST /healthcheck/fail: responses close their connections.
  var healthCheckFailed = false
  private var dateCache = HTTPDate()
  private var drained: (() -> Void)?
  /// Bytes in the making: free whenever nobody up the stack is making some.
  var scratch = TextBuffer()
  /// Lines and header values in the making.
  var text = TextBuffer()
  private var nextConnectionID: UInt64

  init(
    _ loop: EventLoop, index: Int, snapshot: Snapshot, shard: StatsShard, main: Mailbox<MainLoop>,
    mailbox: Mailbox<Worker>? = nil
  ) {
    self.loop = loop
    self.index = index
    self.snapshot = snapshot
    self.shard = shard
    self.main = main
    self.mailbox = mailbox
    nextConnectionID = UInt64(index)
    tls = Array(repeating: nil, count: snapshot.tlsSocketFactories.count)
    clusters = snapshot.clusters.map { WorkerCluster($0, worker: self) }
  }

  /// Connection ids are unique over all workers.
  func makeConnectionID() -> UInt64 {
    defer { nextConnectionID += UInt64(snapshot.concurrency) }
    return nextConnectionID
  }

  /// The value of a Date field (RFC 9110 §5.6.7) for this turn.
  var dateHeader: ByteView { dateCache.view(wallNanoseconds: loop.wallNow) }

  /// A TLS transport socket's part on this worker.
  func tls(of factory: TLSSocketFactory) -> WorkerTLS {
    if let known = tls[factory.index] { return known }
    let made = WorkerTLS(factory, tlsBuffers, shard)
    tls[factory.index] = made
    return made
  }

  /// A jwt_authn filter's part on this worker.
  func jwtAuthn(_ info: JwtAuthnInfo) -> WorkerJwtAuthn {
    if let known = jwtAuthn[ObjectIdentifier(info)] { return known }
    let made = WorkerJwtAuthn(info, worker: self)
    jwtAuthn[ObjectIdentifier(info)] = made
    return made
  }

  // MARK: Listeners

  /// Serves connections from a listening socket; without one, those that other listeners hand over.
  @discardableResult
  func listen(_ info: ListenerInfo, on socket: consuming Descriptor?) throws(SystemError) -> WorkerListener {
    let listener = try WorkerListener(info, worker: self, socket: socket)
    listeners.append(listener)
    if listenersByAddress[info.address] == nil { listenersByAddress[info.address] = listener }
    return listener
  }

  /// The listener of an address, or of its port at any address, as Envoy looks for who takes a connection with that
  /// original destination.
  func listener(at address: SocketAddress) -> WorkerListener? {
    if let exact = listenersByAddress[address], !exact.isStopped { return exact }
    guard let any = SocketAddress.any(like: address), let listener = listenersByAddress[any] else { return nil }
    return listener.isStopped ? nil : listener
  }

  func listener(named name: String) -> WorkerListener? { listeners.first { $0.info.name == name } }

  func stopListening(inboundOnly: Bool = false) {
    for listener in listeners where !inboundOnly || listener.isInbound { listener.close() }
  }

  /// Says so where the log is: the client is told nothing.
  func connectionRefused(to target: ForwardTarget, _ reason: String) {
    main.post { $0.log.info("a connection to \(target) was reset: \(reason)") }
  }

  /// Says so once, where the log is.
  func acceptFailed(listener: String, _ error: SystemError) {
    main.post { $0.log.warning("listener '\(listener)' cannot accept: \(error.reason); trying again until it can") }
  }

  // MARK: Connections

  func add(_ connection: ConnectionManager) {
    connection.index = connections.count
    connections.append(connection)
  }

  func remove(_ connection: ConnectionManager) {
    loop.release(connection)
    guard let last = connections.popLast() else { return }
    if last !== connection {
      connections[connection.index] = last
      last.index = connection.index
    }
    checkDrained()
  }

  func add(_ session: TcpProxySession) {
    session.index = sessions.count
    sessions.append(session)
  }

  func remove(_ session: TcpProxySession) {
    loop.release(session)
    guard let last = sessions.popLast() else { return }
    if last !== session {
      sessions[session.index] = last
      last.index = session.index
    }
    checkDrained()
  }

  /// Closes what is idle, lets what is under way finish, and then calls `done`.
  func drain(_ done: @escaping () -> Void) {
    isDraining = true
    drained = done
    stopListening()
    drainConnections()
    checkDrained()
  }

  /// Closes idle HTTP connections, and the others behind their response.
  func drainConnections() {
    for connection in connections { connection.drain() }
  }

  /// From now on responses ask their connections to close: the more of them, the more of the time has gone.
  func startDraining(over nanoseconds: Int64, inboundOnly: Bool) {
    drainStart = loop.now
    drainDuration = nanoseconds
    drainsInboundOnly = inboundOnly
    for connection in connections where !inboundOnly || connection.isInbound {
      connection.drainGracefully(after: nanoseconds > 0 ? Int64(loop.random.next() >> 1) % nanoseconds : 0)
    }
  }

  /// Whether the response that goes out now closes its connection.
  func asksToClose(inbound: Bool) -> Bool {
    if isDraining || healthCheckFailed { return true }
    guard drainStart != 0, inbound || !drainsInboundOnly else { return false }
    let spent = loop.now - drainStart
    return spent >= drainDuration || Int64(loop.random.next() >> 1) % drainDuration < spent
  }

  /// The process ends: what is under way is cut off, and logged.
  func abort() {
    for connection in connections { connection.abort() }
    for session in sessions { session.abort() }
  }

  private func checkDrained() {
    guard isDraining, connections.isEmpty, sessions.isEmpty, let done = drained else { return }
    drained = nil
    done()
  }

  /// The thread ends: breaks the circles between the worker and what it owns.
  func dismantle() {
    for listener in listeners { listener.dismantle() }
    clusters = []
    listeners = []
    listenersByAddress = [:]
    connections = []
    sessions = []
    tls = []
  }

  // MARK: The main loop

  /// A host has reached a threshold of outlier detection: the main loop decides.
  func reportOutlier(_ cluster: ClusterInfo, _ host: Host, _ reached: OutlierMonitor.Reached) {
    let index = cluster.index
    main.post { $0.outlierReported(cluster: index, host, reached) }
  }

  /// An ORIGINAL_DST cluster has other hosts on this worker.
  func reportHosts(_ cluster: ClusterInfo, _ hosts: [Host]) {
    let (cluster, worker) = (cluster.index, index)
    main.post { $0.workerHasHosts(cluster: cluster, worker: worker, hosts) }
  }

  /// A response asked for its host to be taken for unhealthy.
  func reportPassiveFailure(_ cluster: ClusterInfo, _ host: Host) {
    let index = cluster.index
    main.post { $0.hostFailedPassively(cluster: index, host) }
  }

  /// The main loop has other hosts for a cluster.
  func update(cluster index: Int, _ set: HostSet) { clusters[index].update(set) }

  func hostFailed(cluster index: Int, _ host: Host) { clusters[index].hostFailed(host) }
}
