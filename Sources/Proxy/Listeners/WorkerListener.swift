import HTTP
import Reactor
import Telemetry

/// A listener on one worker: takes connections, has its listener filters look at them, and gives them to the network filter
/// of their filter chain.
final class WorkerListener {
  let info: ListenerInfo
  unowned let worker: Worker
  private var acceptors: [Acceptor] = []
  /// Of each filter chain, where it ends in one.
  private var managers: [WorkerConnectionManager?] = []
  let isInbound: Bool
  /// What waits for a name's address.
  private var lookups: [UInt64: (SocketAddress?) -> Void] = [:]
  private var nextTicket: UInt64 = 0

  /// - Parameter socket: nil for a listener that gets its connections from others (`bind_to_port`: false).
  init(_ info: ListenerInfo, worker: Worker, socket: consuming Descriptor?) throws(SystemError) {
    self.info = info
    self.worker = worker
    isInbound = info.config.trafficDirection == .inbound
    for chain in info.chains { managers.append(makeManager(chain)) }
    if let socket = socket.take() { try listen(on: socket) }
  }

  /// Takes the connections of another socket too.
  func listen(on socket: consuming Descriptor) throws(SystemError) {
    let acceptor = try Acceptor(
      worker.loop, listeningOn: socket,
      accepted: { [unowned self] socket, remote in accept(socket, remote) },
      failed: { [unowned self] error in acceptFailed(error) })
    acceptors.append(acceptor)
  }

  private func makeManager(_ chain: FilterChainInfo) -> WorkerConnectionManager? {
    guard case .connectionManager(let config) = chain.filter else { return nil }
    return WorkerConnectionManager(config, worker: worker, listener: self, chain: chain)
  }

  func close() {
    for acceptor in acceptors { acceptor.close() }
    acceptors = []
    isStopped = true
    let waiting = lookups
    lookups = [:]
    for done in waiting.values { done(nil) }
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
    switch info.capture?.entrance ?? .redirected {
    case .redirected: acceptRedirected(socket, remote)
    // The kernel refusing to watch a new descriptor is one more way of having none left.
    case .forwardProxy: try? ForwardProxyStage(self, remote: remote).start(at: socket)
    case .port(let target, through: let name):
      worker.listener(named: name)?.forward(PortClient(socket, remote: remote, target, worker), to: target)
    }
  }

  private func acceptRedirected(_ socket: consuming Descriptor, _ remote: SocketAddress?) {
    guard info.restoresDestination else { return begin(socket, Arrival(remote: remote)) }
    guard let capture = info.capture else {
      let destination = Sockets.originalDestination(socket.number)
      return destination == nil
        ? begin(socket, Arrival(remote: remote)) : serve(socket, Arrival(remote: remote, destination: destination))
    }
    guard let destination = capture.destination(of: socket.number) else { return Sockets.resetOnClose(socket.number) }
    switch capture.decide(destination) {
    case .serve: serve(socket, Arrival(remote: remote, destination: destination))
    case .resolve(let name): park(socket, remote, destination.port, name)
    case .hand(let name, let destination):
      guard let other = worker.listener(named: name), !other.isStopped else {
        return Sockets.resetOnClose(socket.number)
      }
      other.begin(socket, Arrival(remote: remote, destination: destination))
    case .reset: Sockets.resetOnClose(socket.number)
    }
  }

  /// For the listener that has the destination's address, or else for this one.
  func serve(_ socket: consuming Descriptor, _ arrival: Arrival) {
    let other = info.config.useOriginalDst ? arrival.destination.flatMap { worker.listener(at: $0) } : nil
    (other ?? self).begin(socket, arrival)
  }

  /// Serves it at the address that the name has for the host.
  private func park(_ socket: consuming Descriptor, _ remote: SocketAddress?, _ port: UInt16, _ name: String) {
    let number = socket.release()
    let isAsked = lookUp(name) { [unowned self] address in
      let socket = Descriptor(number)
      guard let address, !isStopped else { return Sockets.resetOnClose(socket.number) }
      serve(socket, Arrival(remote: remote, destination: address.with(port: port)))
    }
    if !isAsked { Sockets.resetOnClose(Descriptor(number).number) }
  }

  private static let lookupLimit = 1024

  /// Asks for a name's address.
  /// - Parameter done: called once, also where the listener closes meanwhile.
  /// - Returns: false where too many names are being asked for; `done` is not called then.
  func lookUp(_ name: String, _ done: @escaping (SocketAddress?) -> Void) -> Bool {
    guard lookups.count < Self.lookupLimit, let policy = info.capture, let mailbox = worker.mailbox else {
      return false
    }
    let ticket = nextTicket
    nextTicket &+= 1
    lookups[ticket] = done
    let listener = info.name
    policy.resolve(name) { address in
      mailbox.post { $0.listener(named: listener)?.resolved(ticket, address) }
    }
    return true
  }

  private func resolved(_ ticket: UInt64, _ address: SocketAddress?) {
    lookups.removeValue(forKey: ticket)?(address)
  }

  // MARK: Choosing the filter chain

  func begin(_ socket: consuming Descriptor, _ arrival: Arrival) {
    var arrival = arrival
    // As Envoy: a client on a Unix socket, which has no name of its own, goes under the listener's.
    if !info.address.isIP, arrival.remote?.unixPath == nil { arrival.remote = info.address }
    if let keepalive = info.tcpKeepalive { keepalive.apply(to: socket.number) }
    if let inspector = info.inspector {
      let stage = ListenerFilterStage(self, inspector, arrival)
      // The kernel refusing to watch a new descriptor is one more way of having none left.
      try? stage.start(at: socket)
    } else if case .only(let chain) = info.chainChoice {
      start(chain, socket, arrival, nil)
    } else {
      choose(socket, arrival, nil, "raw_buffer", [])
    }
  }

  /// The listener filters have seen what they need.
  func filtersPassed(
    _ socket: consuming Descriptor, _ arrival: Arrival, _ known: DownstreamSocket, _ transport: StaticString,
    _ protocols: [[UInt8]]
  ) {
    if case .only(let chain) = info.chainChoice {
      start(chain, socket, arrival, known)
    } else {
      choose(socket, arrival, known, transport, protocols)
    }
  }

  private func choose(
    _ socket: consuming Descriptor, _ arrival: Arrival, _ known: DownstreamSocket?, _ transport: StaticString,
    _ protocols: [[UInt8]]
  ) {
    guard case .matched(let table, let fallback) = info.chainChoice else { return }
    let local = arrival.destination ?? Sockets.localAddress(socket.number)
    let criteria = FilterChainTable.Criteria(
      destination: local, source: arrival.remote, serverName: known?.serverName ?? [], transportProtocol: transport,
      applicationProtocols: protocols)
    if let chain = table.chain(for: criteria) ?? fallback {
      return start(chain, socket, arrival, known)
    }
    shard.increment(info.stats[.noFilterChainMatch])
    logRefused(
      known ?? DownstreamSocket(), remote: arrival.remote, local: local, since: worker.loop.now, isUnmatched: true)
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
    _ index: Int, _ socket: consuming Descriptor, _ arrival: Arrival, _ known: DownstreamSocket?
  ) {
    let chain = info.chains[index]
    if !chain.servesHTTP, let name = arrival.oneRequestElse, name != info.name,
      let other = worker.listener(named: name)
    {
      return other.begin(socket, arrival)
    }
    let (remote, original) = (arrival.remote, arrival.destination)
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
    case .connectionManager: startHTTP(index, connection, arrival, known)
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
    _ index: Int, _ connection: Connection, _ arrival: Arrival, _ known: DownstreamSocket?
  ) {
    guard let manager = managers[index] else { return }
    let served = ConnectionManager(
      manager, id: worker.makeConnectionID(), remoteAddress: arrival.remote, socket: known,
      carriesOneRequest: arrival.oneRequestElse != nil)
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
