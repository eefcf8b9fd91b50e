import HTTP
import Reactor
import Telemetry

/// A connection manager on one worker: its streams that wait to be used again, and what it does to every message.
final class WorkerConnectionManager {
  /// Streams kept for the next request.
  private static let keptStreams = 256

  let info: ConnectionManagerInfo
  let worker: Worker
  let shard: StatsShard
  let routes: RouteTable
  unowned let listener: WorkerListener
  /// Whether what comes enters the mesh.
  let isInbound: Bool
  let chain: FilterChainInfo
  private var free: [ActiveStream] = []

  init(_ info: ConnectionManagerInfo, worker: Worker, listener: WorkerListener, chain: FilterChainInfo) {
    self.info = info
    self.worker = worker
    shard = worker.shard
    routes = info.routes
    self.listener = listener
    isInbound = listener.isInbound
    self.chain = chain
    for filter in info.filters { filter.start(worker) }
  }

  func takeStream(for connection: ConnectionManager) -> ActiveStream {
    free.popLast() ?? ActiveStream(self, for: connection)
  }

  func giveBack(_ stream: ActiveStream) {
    if free.count < Self.keptStreams {
      free.append(stream)
    } else {
      stream.dismantle()
    }
  }

  /// The worker ends: breaks the circles between this and the streams that it keeps.
  func dismantle() {
    for stream in free { stream.dismantle() }
    free = []
  }

  func connectionClosed(_ connection: ConnectionManager, createdAt: Int64) {
    worker.remove(connection)
    listener.connectionClosed(createdAt: createdAt)
  }

  /// Counts a response on its way to the client.
  func countResponse(_ status: UInt16, _ stream: ActiveStream) {
    shard.increment(info.stats[.downstreamRqCompleted])
    shard.increment(info.listenerStats[.downstreamRqCompleted])
    switch status / 100 {
    case 1: count(.downstreamRq1xx, .downstreamRq1xx)
    case 2: count(.downstreamRq2xx, .downstreamRq2xx)
    case 3: count(.downstreamRq3xx, .downstreamRq3xx)
    case 4: count(.downstreamRq4xx, .downstreamRq4xx)
    case 5: count(.downstreamRq5xx, .downstreamRq5xx)
    default: break
    }
  }

  private func count(_ stat: ConnectionManagerStat, _ listenerStat: ListenerResponseStat) {
    shard.increment(info.stats[stat])
    shard.increment(info.listenerStats[listenerStat])
  }

  func log(_ stream: ActiveStream) {
    for log in info.accessLogs { log.write(stream, worker) }
  }
}
