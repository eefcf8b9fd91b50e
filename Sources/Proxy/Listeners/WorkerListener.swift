import Reactor
import Telemetry

/// A listener on one worker: takes connections and gives them to the filter chain's network filter.
final class WorkerListener {
  private let info: ListenerInfo
  private unowned let worker: Worker
  private var acceptor: Acceptor?
  private var manager: WorkerConnectionManager?
  let isInbound: Bool

  init(_ info: ListenerInfo, worker: Worker, socket: consuming Descriptor) throws(SystemError) {
    self.info = info
    self.worker = worker
    isInbound = info.config.trafficDirection == .inbound
    if case .connectionManager(let config) = info.filter {
      manager = WorkerConnectionManager(config, worker: worker, listener: self)
    }
    acceptor = try Acceptor(
      worker.loop, listeningOn: socket,
      accepted: { [unowned self] socket, remote in accept(socket, remote) },
      failed: { [unowned self] error in acceptFailed(error) })
  }

  func close() {
    acceptor?.close()
    acceptor = nil
  }

  private var shard: StatsShard { worker.shard }

  /// The listener's own logs, to which every connection goes.
  var accessLogs: [AccessLogInfo] { info.accessLogs }

  private func accept(_ socket: consuming Descriptor, _ remote: SocketAddress?) {
    // As Envoy: a client on a Unix socket, which has no name of its own, goes under the listener's.
    let remote = info.address.isIP || remote?.unixPath != nil ? remote : info.address
    if let keepalive = info.tcpKeepalive { keepalive.apply(to: socket.number) }
    // The kernel refusing to watch a new descriptor is one more way of having none left.
    guard let connection = try? Connection(worker.loop, taking: socket, connecting: false) else { return }
    shard.increment(info.stats[.downstreamCxTotal])
    shard.adjust(info.stats[.downstreamCxActive], by: 1)
    shard.increment(info.workerStats[worker.index][.downstreamCxTotal])
    shard.adjust(info.workerStats[worker.index][.downstreamCxActive], by: 1)
    switch info.filter {
    case .connectionManager: startHTTP(connection, remote)
    case .tcpProxy(let config):
      let session = TcpProxySession(config, worker: worker, listener: self, downstream: connection, remote: remote)
      worker.add(session)
      session.start()
    case .noFilter:
      connection.close(.noFlush)
      connectionClosed(createdAt: worker.loop.now)
    }
  }

  private func startHTTP(_ connection: Connection, _ remote: SocketAddress?) {
    guard let manager else { return }
    let served = ConnectionManager(manager, id: worker.makeConnectionID(), remoteAddress: remote)
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

  private func acceptFailed(_ error: SystemError) {
    shard.increment(info.stats[.downstreamCxOverflow])
    worker.acceptFailed(listener: info.name, error)
  }
}
