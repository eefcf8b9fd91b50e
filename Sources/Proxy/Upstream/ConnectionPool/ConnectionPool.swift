import DequeModule
import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// The HTTP/1.1 connections of one worker to one host, for one priority: kept ones are used last in, first out; a request
/// that finds none waits, first come first served, while a connection is made for it.
final class ConnectionPool {
  let cluster: WorkerCluster
  private let info: ClusterInfo
  private let shard: StatsShard
  let host: Host
  let priority: RoutingPriority
  /// What its requests ask of TLS; nil for nothing of their own.
  let options: UpstreamTransportOptions?
  let breaker: CircuitBreaker
  private let requests: ResourceLimit
  /// Connected and without a request; the last is the next to be used. All of them are among ``clients`` too.
  private var ready: [Unretained<PoolClient>] = []
  private var clients: [PoolClient] = []
  private var connecting = 0
  private var pending: Deque<UpstreamCallbacks> = []
  private(set) var isDraining = false

  init(_ cluster: WorkerCluster, host: Host, priority: RoutingPriority, options: UpstreamTransportOptions? = nil) {
    self.cluster = cluster
    info = cluster.info
    shard = cluster.worker.shard
    self.host = host
    self.priority = priority
    self.options = options
    breaker = cluster.info.circuitBreaker(priority)
    requests = breaker.requests
  }

  // MARK: Requests

  /// Asks for a stream: `caller` hears of it at once (a kept connection, an overflow) or later.
  func newStream(_ caller: UpstreamCallbacks) {
    if let client = ready.popLast() {
      return client.use { if !attach(caller, to: $0) { clientReady($0) } }
    }
    guard breaker.pendingRequests.tryAcquire() else {
      shard.increment(info.stats[.upstreamRqPendingOverflow])
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

  /// Gives the caller its stream, or tells it that the cluster has too many; returns which.
  private func attach(_ caller: UpstreamCallbacks, to client: PoolClient) -> Bool {
    guard requests.tryAcquire() else {
      shard.increment(info.stats[.upstreamRqActiveOverflow])
      caller.poolFailure(.overflow, host: host, transportFailure: .none)
      return false
    }
    client.open(caller)
    return true
  }

  // MARK: Connections

  private func connectIfNeeded() {
    if connecting >= pending.count { return }
    // As Envoy: a pool without any connection may always make one, or its requests would wait for ever.
    guard breaker.connections.tryAcquire() || clients.isEmpty && forceConnection() else {
      shard.increment(info.stats[.upstreamCxOverflow])
      return
    }
    connect()
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
    connecting += 1
    client.connect()
  }

  /// A connection stands: it takes the request that has waited longest.
  func clientConnected(_ client: PoolClient) {
    connecting -= 1
    clientReady(client)
  }

  /// A connection has no request (any more).
  func clientReady(_ client: PoolClient) {
    while !pending.isEmpty {
      let caller = pending.removeFirst()
      leavePending()
      if attach(caller, to: client) { return connectIfNeeded() }
    }
    if client.isUsable { ready.append(Unretained(client)) } else { client.closeIdle() }
  }

  /// A connection is gone.
  func clientClosed(_ client: PoolClient, wasConnecting: Bool, failure: StreamReset, transportFailure: TransportFailure)
  {
    removeClient(client)
    breaker.connections.release()
    if wasConnecting {
      connecting -= 1
      failPending(failure, transportFailure)
    } else {
      if let index = ready.firstIndex(where: { $0.use { $0 === client } }) { ready.remove(at: index) }
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
    for client in clients where client.isConnecting { client.closeIdle() }
  }

  /// The host is gone, or we are going: no new connections, and the present ones close once they are idle.
  func drain() {
    isDraining = true
    let idle = ready
    ready.removeAll()
    for client in idle { client.use { $0.closeIdle() } }
    closeSuperfluousConnecting()
  }
}
