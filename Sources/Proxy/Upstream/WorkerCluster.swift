import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// A cluster on one worker: the balancer's state, and a connection pool for each host that was chosen.
final class WorkerCluster {
  let info: ClusterInfo
  let worker: Worker
  private let loop: EventLoop
  private(set) var hostSet: HostSet
  /// One for each group of the host set.
  private var balancers: [LoadBalancer] = []
  /// For each ``PoolKind``, beside `hostSet.candidates`: all of them are in ``poolsByHost``, which keeps them.
  private var pools: [[Unretained<ConnectionPool>?]]
  private var poolsByHost: [PoolKey: ConnectionPool] = [:]
  /// Responses by code: of all, of requests from outside, of internal ones.
  var responses: ResponseCounters
  var externalResponses: ResponseCounters
  var internalResponses: ResponseCounters
  private var retriedResponses: ResponseCounters
  /// Of the filters `grpc_stats` and `grpc_web`.
  private(set) lazy var grpc = GrpcCounters(scope: info.scope.scope("grpc."))
  private(set) lazy var grpcWeb = GrpcCounters(scope: info.scope.scope("grpc-web."))
  /// The hosts of an ORIGINAL_DST cluster.
  private var originalDst: OriginalDst?

  /// Of requests that ask something of their own of TLS; each goes with its last connection.
  private var poolsByOptions: [OptionsKey: ConnectionPool] = [:]

  private struct OptionsKey: Hashable {
    let pool: PoolKey
    let options: UpstreamTransportOptions
  }

  private struct PoolKey: Hashable {
    let host: ObjectIdentifier
    let kind: PoolKind
  }

  /// The pools that a host can have beside each other.
  private struct PoolKind: Hashable {
    let priority: RoutingPriority
    let version: ConnectionPool.Version

    /// Place in ``WorkerCluster/pools``: one of each priority, another where the cluster follows the downstream, and one for
    /// tunnels.
    var row: Int { (priority == .high ? 3 : 0) + (version == .tcp ? 2 : version == .http2 ? 1 : 0) }

    static let rows = 6
  }

  init(_ info: ClusterInfo, worker: Worker) {
    self.info = info
    self.worker = worker
    loop = worker.loop
    hostSet = info.hostSet
    responses = ResponseCounters(scope: info.scope)
    externalResponses = ResponseCounters(scope: info.scope.scope("external."))
    internalResponses = ResponseCounters(scope: info.scope.scope("internal."))
    retriedResponses = ResponseCounters(scope: info.scope.scope("retry."))
    pools = []
    if info.config.type == .originalDst { originalDst = OriginalDst(self) }
    layOutPools()
    tellBalancers()
  }

  private func tellBalancers() {
    while balancers.count < hostSet.groups.count {
      balancers.append(
        LoadBalancer(
          info.config.lbPolicy, leastRequest: info.config.leastRequestLbConfig, random: &loop.random))
    }
    let candidates = hostSet.candidates
    for (index, group) in hostSet.groups.enumerated() {
      let first = group.range.lowerBound
      balancers[index].hostsChanged(
        count: group.range.count, weight: { candidates[first + $0].weight },
        activeRequests: { candidates[first + $0].activeRequests.load(ordering: .relaxed) },
        random: &loop.random)
    }
  }

  /// The host for the next request, as an index of `hostSet.candidates`; nil when there is none.
  /// - Parameter destination: where the downstream connection was to go; nil for one that was not redirected.
  func chooseHost(for destination: @autoclosure () -> Reactor.SocketAddress? = nil) -> Int? {
    if let originalDst { return destination().flatMap { originalDst.choose($0) } }
    return Unretained(hostSet).use { chooseHost($0) }
  }

  private func chooseHost(_ hostSet: HostSet) -> Int? {
    let index = hostSet.groups.count == 1 ? 0 : hostSet.group(for: loop.random.below(100))
    let group = hostSet.groups[index]
    if group.isPanicking { worker.shard.increment(info.stats[.lbHealthyPanic]) }
    let first = group.range.lowerBound
    // What a closure has of a reference, it retains.
    let hosts = Unretained(hostSet)
    let picked = balancers[index].pick(
      count: group.range.count, weight: { place in hosts.use { $0.candidates[first + place].weight } },
      activeRequests: { place in hosts.use { $0.candidates[first + place].activeRequests.load(ordering: .relaxed) } },
      random: &loop.random)
    return picked.map { first + $0 }
  }

  /// - Parameter downstream: what the request came by; nil for one of our own.
  func pool(at index: Int, priority: RoutingPriority, downstream: HTTPProtocol?) -> Unretained<ConnectionPool> {
    pool(at: index, PoolKind(priority: priority, version: info.version(downstream: downstream)))
  }

  /// The pool of CONNECT requests that end here.
  func tunnelPool(at index: Int, priority: RoutingPriority) -> Unretained<ConnectionPool> {
    pool(at: index, PoolKind(priority: priority, version: .tcp))
  }

  private func pool(at index: Int, _ kind: PoolKind) -> Unretained<ConnectionPool> {
    if let pool = pools[kind.row][index] { return pool }
    let host = hostSet.candidates[index]
    let pool = ConnectionPool(self, host: host, priority: kind.priority, version: kind.version)
    poolsByHost[PoolKey(host: ObjectIdentifier(host), kind: kind)] = pool
    pools[kind.row][index] = Unretained(pool)
    return Unretained(pool)
  }

  /// The pool of a request that asks something of its own of TLS.
  func pool(
    at index: Int, priority: RoutingPriority, downstream: HTTPProtocol?, _ options: UpstreamTransportOptions
  ) -> Unretained<ConnectionPool> {
    let host = hostSet.candidates[index]
    let kind = PoolKind(priority: priority, version: info.version(downstream: downstream))
    let key = OptionsKey(pool: PoolKey(host: ObjectIdentifier(host), kind: kind), options: options)
    if let pool = poolsByOptions[key] { return Unretained(pool) }
    let pool = ConnectionPool(self, host: host, priority: priority, version: kind.version, options: options)
    poolsByOptions[key] = pool
    return Unretained(pool)
  }

  /// A pool of ``pool(at:priority:downstream:_:)`` has no connection and no request any more.
  func poolEmptied(_ pool: ConnectionPool) {
    guard let options = pool.options else { return }
    let kind = PoolKind(priority: pool.priority, version: pool.version)
    let key = OptionsKey(pool: PoolKey(host: ObjectIdentifier(pool.host), kind: kind), options: options)
    guard poolsByOptions[key] === pool else { return }
    worker.loop.release(pool)
    poolsByOptions[key] = nil
  }

  /// Pools of one host, or of hosts that are gone, close once their requests are done.
  private func drainPools(where isGone: (ObjectIdentifier) -> Bool) {
    for (key, pool) in poolsByHost where isGone(key.host) {
      poolsByHost[key] = nil
      pool.drain()
    }
    for (key, pool) in poolsByOptions where isGone(key.pool.host) {
      poolsByOptions[key] = nil
      pool.drain()
    }
    layOutPools()
  }

  /// Counts a response that another try takes the place of.
  func countRetried(_ status: UInt16, countsCodes: Bool, _ shard: StatsShard) {
    retriedResponses.count(status, countsCodes: countsCodes, on: shard)
  }

  /// The host was ejected: its kept connections go, and those in use once their request is done. Should it be needed in a
  /// panic, it gets new ones.
  func hostFailed(_ host: Host) {
    drainPools { $0 == ObjectIdentifier(host) }
  }

  /// The main loop has other hosts for us. Pools of hosts that are gone close once their requests are done.
  func update(_ set: HostSet) {
    hostSet = set
    tellBalancers()
    let present = Set(set.hosts.map { ObjectIdentifier($0) })
    drainPools { !present.contains($0) }
  }

  /// Closes idle connections, and the others once their request is done.
  func drain() { drainPools { _ in true } }

  private func layOutPools() {
    let candidates = hostSet.candidates
    pools = Array(repeating: Array(repeating: nil, count: candidates.count), count: PoolKind.rows)
    for kind in Set(poolsByHost.keys.map(\.kind)) {
      pools[kind.row] = candidates.map { poolsByHost[PoolKey(host: ObjectIdentifier($0), kind: kind)].unretained }
    }
  }
}

extension WorkerCluster {
  /// Counts a response of this cluster's, or one in its place.
  func count(_ status: UInt16, isInternal: Bool, countsCodes: Bool = true, _ shard: StatsShard) {
    responses.count(status, countsCodes: countsCodes, on: shard)
    if isInternal {
      internalResponses.count(status, countsCodes: countsCodes, on: shard)
    } else {
      externalResponses.count(status, countsCodes: countsCodes, on: shard)
    }
  }

  /// Records how long a response took, from the request's end to its own.
  func record(milliseconds: UInt64, isInternal: Bool, _ shard: StatsShard) {
    responses.record(milliseconds: milliseconds, on: shard)
    if isInternal {
      internalResponses.record(milliseconds: milliseconds, on: shard)
    } else {
      externalResponses.record(milliseconds: milliseconds, on: shard)
    }
  }
}
