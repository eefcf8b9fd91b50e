import HTTP
import Reactor
import Telemetry

/// A listener on one worker: takes connections, has its listener filters look at them, and gives them to the network filter
/// of their filter chain.
final class WorkerListener {
  let info: ListenerInfo
  unowned let worker: Worker
  private var acceptor: Acceptor?
  /// Of each filter chain, where it ends in one.
  private var managers: [WorkerConnectionManager?] = []
  let isInbound: Bool
  private var parked: [UInt64: Parked] = [:]
  private var nextTicket: UInt64 = 0

  /// - Parameter socket: nil for a listener that gets its connections from others (`bind_to_port`: false).
  init(_ info: ListenerInfo, worker: Worker, socket: consuming Descriptor?) throws(SystemError) {
    self.info = info
    self.worker = worker
    isInbound = info.config.trafficDirection == .inbound
    for chain in info.chains { managers.append(makeManager(chain)) }
    guard let socket = socket.take() else { return }
    acceptor = try Acceptor(
      worker.loop, listeningOn: socket,
      accepted: { [unowned self] socket, remote in accept(socket, remote) },
      failed: { [unowned self] error in acceptFailed(error) })
  }

  private func makeManager(_ chain: FilterChainInfo) -> WorkerConnectionManager? {
    guard case .connectionManager(let config) = chain.filter else { return nil }
    return WorkerConnectionManager(config, worker: worker, listener: self, chain: chain)
  }

  func close() {
    acceptor?.close()
    acceptor = nil
    isStopped = true
    for parked in parked.values { _ = Descriptor(parked.socket) }
    parked = [:]
  }

  /// The worker ends.
  func dismantle() { for manager in managers { manager?.dismantle() } }

  /// A stopped listener is handed no connections either.
  private(set) var isStopped = false

  private var shard: StatsShard { worker.shard }

  /// The listener's own logs, to which every connection goes.
  var accessLogs: [AccessLogInfo] { info.accessLogs }

  // MARK: Original destination

  private func accept(_ socket: consuming Descriptor, _ remote: SocketAddress?) {
    guard info.restoresDestination, let destination = Sockets.originalDestination(socket.number) else {
      return begin(socket, remote, nil)
    }
    switch info.capture?.decide(destination) ?? .serve {
    case .serve: serve(socket, remote, destination)
    case .resolve(let name): park(socket, remote, destination.port, name)
    case .hand(let name, let destination):
      guard let other = worker.listener(named: name), !other.isStopped else {
        return Sockets.resetOnClose(socket.number)
      }
      other.begin(socket, remote, destination)
    case .reset: Sockets.resetOnClose(socket.number)
    }
  }

  private func serve(_ socket: consuming Descriptor, _ remote: SocketAddress?, _ destination: SocketAddress) {
    let other = info.config.useOriginalDst ? worker.listener(at: destination) : nil
    (other ?? self).begin(socket, remote, destination)
  }

  /// A connection whose destination is being looked up.
  private struct Parked {
    let socket: Int32
    let remote: SocketAddress?
    let port: UInt16
  }

  private static let parkedLimit = 1024

  private func park(_ socket: consuming Descriptor, _ remote: SocketAddress?, _ port: UInt16, _ name: String) {
    guard parked.count < Self.parkedLimit, let policy = info.capture, let mailbox = worker.mailbox else {
      return Sockets.resetOnClose(socket.number)
    }
    let ticket = nextTicket
    nextTicket &+= 1
    parked[ticket] = Parked(socket: socket.release(), remote: remote, port: port)
    let listener = info.name
    policy.resolve(name) { address in
      mailbox.post { $0.listener(named: listener)?.resolved(ticket, address) }
    }
  }

  private func resolved(_ ticket: UInt64, _ address: SocketAddress?) {
    guard let parked = parked.removeValue(forKey: ticket) else { return }
    let socket = Descriptor(parked.socket)
    guard let address, !isStopped else { return Sockets.resetOnClose(socket.number) }
    serve(socket, parked.remote, address.with(port: parked.port))
  }

  // MARK: Choosing the filter chain

  /// - Parameter original: its original destination; nil for a connection that was not redirected.
  private func begin(_ socket: consuming Descriptor, _ remote: SocketAddress?, _ original: SocketAddress?) {
    // As Envoy: a client on a Unix socket, which has no name of its own, goes under the listener's.
    let remote = info.address.isIP || remote?.unixPath != nil ? remote : info.address
    if let keepalive = info.tcpKeepalive { keepalive.apply(to: socket.number) }
    if let inspector = info.inspector {
      let stage = ListenerFilterStage(self, inspector, remote: remote, original: original)
      // The kernel refusing to watch a new descriptor is one more way of having none left.
      try? stage.start(at: socket)
    } else if case .only(let chain) = info.chainChoice {
      start(chain, socket, remote, original, nil)
    } else {
      choose(socket, remote, original, nil, "raw_buffer", [])
    }
  }

  /// The listener filters have seen what they need.
  func filtersPassed(
    _ socket: consuming Descriptor, _ remote: SocketAddress?, _ original: SocketAddress?, _ known: DownstreamSocket,
    _ transport: StaticString, _ protocols: [[UInt8]]
  ) {
    if case .only(let chain) = info.chainChoice {
      start(chain, socket, remote, original, known)
    } else {
      choose(socket, remote, original, known, transport, protocols)
    }
  }

  private func choose(
    _ socket: consuming Descriptor, _ remote: SocketAddress?, _ original: SocketAddress?, _ known: DownstreamSocket?,
    _ transport: StaticString, _ protocols: [[UInt8]]
  ) {
    guard case .matched(let table, let fallback) = info.chainChoice else { return }
    let local = original ?? Sockets.localAddress(socket.number)
    let criteria = FilterChainTable.Criteria(
      destination: local, source: remote, serverName: known?.serverName ?? [], transportProtocol: transport,
      applicationProtocols: protocols)
    if let chain = table.chain(for: criteria) ?? fallback {
      return start(chain, socket, remote, original, known)
    }
    shard.increment(info.stats[.noFilterChainMatch])
    logRefused(known ?? DownstreamSocket(), remote: remote, local: local, since: worker.loop.now, isUnmatched: true)
  }

  /// A line for a connection that never had a filter chain.
  func logRefused(
    _ socket: DownstreamSocket, remote: SocketAddress?, local: SocketAddress?, since: Int64, isUnmatched: Bool = false
  ) {
    if info.accessLogs.isEmpty { return }
    var values = RefusedConnectionValues(
      socket: socket, id: worker.makeConnectionID(), remoteAddress: remote, localAddress: local, worker: worker)
    values.info.begin(at: since, worker.loop)
    if isUnmatched {
      values.info.responseFlags.insert(.noRouteFound)
      values.info.detail = .literal("filter_chain_not_found")
    }
    for log in info.accessLogs { log.write(values, worker) }
  }

  // MARK: Connections

  private func start(
    _ index: Int, _ socket: consuming Descriptor, _ remote: SocketAddress?, _ original: SocketAddress?,
    _ known: DownstreamSocket?
  ) {
    let chain = info.chains[index]
    var known = known
    var transport: TransportSocket?
    if known == nil, chain.needsSocket { known = DownstreamSocket() }
    if let factory = chain.tls {
      let socket = socket.number
      transport = known?.makeTransport(
        worker.tls(of: factory), self, local: { original ?? Sockets.localAddress(socket) }, remote: remote)
    }
    guard
      let connection = try? Connection(
        worker.loop, taking: socket, connecting: false, delegate: nil, transportSocket: transport)
    else { return }
    connection.originalDestination = original
    known?.start(on: connection, chain, remote: remote, worker)
    shard.increment(info.stats[.downstreamCxTotal])
    shard.adjust(info.stats[.downstreamCxActive], by: 1)
    shard.increment(info.workerStats[worker.index][.downstreamCxTotal])
    shard.adjust(info.workerStats[worker.index][.downstreamCxActive], by: 1)
    switch chain.filter {
    case .connectionManager: startHTTP(index, connection, remote, known)
    case .tcpProxy(let config):
      let session = TcpProxySession(
        config, worker: worker, listener: self, chain: chain, downstream: connection, remote: remote,
        socket: known)
      worker.add(session)
      session.start()
    case .noFilter:
      connection.close(.noFlush)
      connectionClosed(createdAt: worker.loop.now)
    }
  }

  private func startHTTP(
    _ index: Int, _ connection: Connection, _ remote: SocketAddress?, _ known: DownstreamSocket?
  ) {
    guard let manager = managers[index] else { return }
    let served = ConnectionManager(manager, id: worker.makeConnectionID(), remoteAddress: remote, socket: known)
    worker.add(served)
    connection.delegate = served
    served.start(on: connection)
  }

  func connectionClosed(createdAt: Int64) {
    shard.adjust(info.stats[.downstreamCxActive], by: -1)
    shard.adjust(info.workerStats[worker.index][.downstreamCxActive], by: -1)
    shard.increment(info.stats[.downstreamCxDestroy])
    shard.record(info.connectionLength, UInt64(max(0, worker.loop.now - createdAt) / 1_000_000))
  }

  func countTransportSocketConnectTimeout() {
    shard.increment(info.stats[.downstreamCxTransportSocketConnectTimeout])
  }

  private func acceptFailed(_ error: SystemError) {
    shard.increment(info.stats[.downstreamCxOverflow])
    worker.acceptFailed(listener: info.name, error)
  }
}
