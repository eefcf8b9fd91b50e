import DequeModule
import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// The connections of one worker to one host, for one priority and one protocol (Envoy's ConnPoolImplBase): the one that
/// last had room is the first to be used; a request that finds none waits, first come first served, while a connection
/// is made for it. HTTP/1.1 is the case in which a connection has room for one stream.
final class ConnectionPool {
  /// What its connections speak.
  enum Version: Hashable {
    case http1, http2, negotiated
    /// No HTTP: the bytes of a CONNECT request that ends here.
    case tcp

    /// What is offered where the TLS context names no protocols of its own.
    var alpn: [String] {
      switch self {
      case .http1: ["http/1.1"]
      case .http2: ["h2"]
      case .negotiated: ["h2", "http/1.1"]
      case .tcp: []
      }
    }
  }

  /// As Envoy: no more connections than these are begun for what happened at one time.
  private static let connectsAtOnce = 3

  let cluster: WorkerCluster
  private let info: ClusterInfo
  private let shard: StatsShard
  let host: Host
  let priority: RoutingPriority
  let version: Version
  /// What its requests ask of TLS; nil for nothing of their own.
  let options: UpstreamTransportOptions?
  let breaker: CircuitBreaker
  private let requests: ResourceLimit
  /// In state `ready`: the last is the next to be used. All of them are among ``clients`` too.
  private var ready: [Unretained<PoolClient>] = []
  private var clients: [PoolClient] = []
  /// The streams that there will be room for once all connects have succeeded.
  private var connectingCapacity = 0
  private var pending: Deque<UpstreamCallbacks> = []
  private(set) var isDraining = false

  init(
    _ cluster: WorkerCluster, host: Host, priority: RoutingPriority, version: Version,
    options: UpstreamTransportOptions? = nil
  ) {
    self.cluster = cluster
    info = cluster.info
    shard = cluster.worker.shard
    self.host = host
    self.priority = priority
    self.version = version
    self.options = options
    breaker = cluster.info.circuitBreaker(priority)
    requests = breaker.requests
  }

  // MARK: Requests

  /// Asks for a stream: `caller` hears of it at once (a connection with room, an overflow) or later.
  func newStream(_ caller: UpstreamCallbacks) {
    if let client = ready.last { return client.use { attach(caller, to: $0) } }
    guard breaker.pendingRequests.tryAcquire() else {
      shard.increment(info.stats[.upstreamRqPendingOverflow])
      // A pool of options that never gets a connection has no other end; first, since the caller may try again.
      if options != nil, clients.isEmpty, pending.isEmpty { cluster.poolEmptied(self) }
      caller.poolFailure(.overflow, host: nil, transportFailure: .none)
      return
    }
    shard.increment(info.stats[.upstreamRqPendingTotal])
    shard.adjust(info.stats[.upstreamRqPendingActive], by: 1)
    pending.append(caller)
    connectIfNeeded()
  }

  /// The caller no longer wants the stream that it waits for.
  func cancel(_ caller: UpstreamCallbacks) {
    guard let index = pending.firstIndex(where: { $0 === caller }) else { return }
    pending.remove(at: index)
    leavePending()
    shard.increment(info.stats[.upstreamRqCancelled])
    closeSuperfluousConnecting()
  }

  private func leavePending() {
    breaker.pendingRequests.release()
    shard.adjust(info.stats[.upstreamRqPendingActive], by: -1)
  }

  /// Gives the caller its stream on the last of the ready clients, or tells it that the cluster has too many.
  private func attach(_ caller: UpstreamCallbacks, to client: PoolClient) {
    guard requests.tryAcquire() else {
      shard.increment(info.stats[.upstreamRqActiveOverflow])
      caller.poolFailure(.overflow, host: host, transportFailure: .none)
      return
    }
    client.takePlace()
    if client.state != .ready { ready.removeLast() }
    client.open(caller)
  }

  private func servePending() {
    while !pending.isEmpty, let client = ready.last {
      let caller = pending.removeFirst()
      leavePending()
      client.use { attach(caller, to: $0) }
    }
    connectIfNeeded()
  }

  // MARK: Connections

  private func connectIfNeeded() {
    for _ in 0..<Self.connectsAtOnce {
      if connectingCapacity >= pending.count { return }
      // As Envoy: a pool without any connection may always make one, or its requests would wait for ever.
      guard breaker.connections.tryAcquire() || clients.isEmpty && forceConnection() else {
        shard.increment(info.stats[.upstreamCxOverflow])
        return
      }
      connect()
    }
  }

  private func forceConnection() -> Bool {
    shard.increment(info.stats[.upstreamCxOverflow])
    breaker.connections.acquire()
    return true
  }

  private func connect() {
    let client = PoolClient(self)
    client.index = clients.count
    clients.append(client)
    connectingCapacity += client.expectedCapacity
    client.connect()
  }

  /// A connection stands.
  func clientConnected(_ client: PoolClient) {
    connectingCapacity -= client.expectedCapacity
    clientHasRoom(client)
  }

  /// A connection that had no room has some, if its state is `ready`.
  func clientHasRoom(_ client: PoolClient) {
    if client.state == .ready { ready.append(Unretained(client)) }
    if !pending.isEmpty { servePending() }
    if isDraining { closeIdle(client) }
  }

  /// A connection takes no more streams, for now or for good.
  func clientLeavesReady(_ client: PoolClient) {
    if let index = ready.lastIndex(where: { $0.use { $0 === client } }) { ready.remove(at: index) }
  }

  /// A connection has no stream any more.
  func clientIsIdle(_ client: PoolClient) {
    if isDraining { closeIdle(client) }
  }

  private func closeIdle(_ client: PoolClient) {
    if client.isIdle, pending.isEmpty { client.close() }
  }

  /// A connection is gone.
  func clientClosed(_ client: PoolClient, wasConnecting: Bool, failure: StreamReset, transportFailure: TransportFailure)
  {
    removeClient(client)
    breaker.connections.release()
    if wasConnecting {
      connectingCapacity -= client.expectedCapacity
      failPending(failure, transportFailure)
    } else {
      connectIfNeeded()
    }
    if options != nil, clients.isEmpty, pending.isEmpty { cluster.poolEmptied(self) }
  }

  private func removeClient(_ client: PoolClient) {
    cluster.worker.loop.release(client)
    guard let last = clients.popLast(), last !== client else { return }
    clients[client.index] = last
    last.index = client.index
  }

  /// As Envoy: when a connect fails, all requests that wait for this host fail with it.
  private func failPending(_ reason: StreamReset, _ transportFailure: TransportFailure) {
    let failed = pending
    pending.removeAll()
    for caller in failed {
      leavePending()
      shard.increment(info.stats[.upstreamRqPendingFailureEject])
      caller.poolFailure(reason, host: host, transportFailure: transportFailure)
    }
  }

  /// Connections that are being made for requests that have gone: Envoy lets them finish while the pool is in use, and
  /// so do we; a draining pool has no use for them.
  private func closeSuperfluousConnecting() {
    guard isDraining, pending.isEmpty else { return }
    for client in clients where client.state == .connecting { client.close() }
  }

  /// The host is gone, or we are going: no new connections, and the present ones close once they are idle.
  func drain() {
    isDraining = true
    for client in ready { client.use { closeIdle($0) } }
    closeSuperfluousConnecting()
  }
}
