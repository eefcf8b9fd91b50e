import EnvoyConfig
import HTTP
import Reactor
import Telemetry
import Testing

@testable import Proxy

/// A worker with one cluster and its pool, an upstream beside it, and a clock that the test moves.
final class PoolHarness {
  let clock = ManualClock()
  let loop: EventLoop
  let store = StatsStore()
  let server: UpstreamServer
  let info: ClusterInfo
  let worker: Worker
  let pool: ConnectionPool
  private(set) var callers: [PoolCaller] = []

  /// - Parameters:
  ///   - http2: fields of http2_protocol_options, in YAML's flow style.
  ///   - common: those of common_http_protocol_options.
  ///   - thresholds: those of circuit_breakers.thresholds.
  init(
    http2: String = "", common: String = "", thresholds: String = "", version: String = "http2_protocol_options",
    server options: HTTP2Options = HTTP2Options(), isRefused: Bool = false
  ) throws {
    loop = try EventLoop(clock: .manual(clock), random: RandomGenerator(seed: 1))
    server = try UpstreamServer(loop, options)
    if isRefused {
      server.close()
      loop.turn(waiting: false)
    }
    let text = """
      static_resources:
        clusters:
        - name: a
          type: STATIC
          connect_timeout: 1s
          per_connection_buffer_limit_bytes: 65536
          circuit_breakers: {thresholds: [{\(thresholds)}]}
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              common_http_protocol_options: {\(common)}
              explicit_http_config: {\(version): {\(http2)}}
          load_assignment: {cluster_name: a}
      """
    let bootstrap = try loadBootstrap(text: Array(text.utf8), file: "test.yaml", isYAML: true).get()
    var compiler = SnapshotCompiler(bootstrap, concurrency: 1, store: store, localAddress: [])
    let snapshot = try compiler.compile(listeningOn: [])
    info = snapshot.clusters[0]
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: server.port))
    let host = Host(
      id: 1, address: address, hostname: "", endpoint: LbEndpoint(), group: LocalityLbEndpoints(), tls: nil,
      monitor: nil, store: store)
    _ = info.replaceHosts([host])
    worker = Worker(loop, index: 0, snapshot: snapshot, shard: store.makeShard(), main: try Mailbox<MainLoop>())
    pool = worker.clusters[0].pool(at: 0, priority: .default, downstream: nil).object
  }

  /// The circles between the worker and what it owns.
  deinit {
    worker.clusters[0].drain()
    server.close()
    turn()
    worker.dismantle()
  }

  /// Lets everything that is on its way arrive.
  func turn(_ times: Int = 20) {
    for _ in 0..<times { loop.turn(waiting: false) }
  }

  func advance(milliseconds: Int64) {
    clock.advance(milliseconds: milliseconds)
    turn()
  }

  @discardableResult
  func request(endsRequest: Bool = true) -> PoolCaller {
    let caller = PoolCaller(worker.headerMaps, endsRequest: endsRequest)
    callers.append(caller)
    pool.newStream(caller)
    return caller
  }

  func request(_ count: Int) {
    for _ in 0..<count { request() }
    turn()
  }

  func count(_ stat: ClusterStat) -> UInt64 {
    ClusterStat.gauges.contains(stat) ? store.gauge(info.stats[stat]) : store.counter(info.stats[stat])
  }

  func count(_ stat: HTTP2Stat) throws -> UInt64 { store.counter(try #require(info.http2Stats)[stat]) }
}

extension ClusterStat {
  fileprivate static let gauges: Set<ClusterStat> = [.upstreamCxActive, .upstreamRqActive, .upstreamRqPendingActive]
}

/// Who asks a pool for a stream, and keeps what becomes of it.
final class PoolCaller: UpstreamCallbacks {
  private let headerMaps: HeaderMapPool
  private let endsRequest: Bool
  private(set) var encoder: StreamEncoder?
  private(set) var client: PoolClient?
  private(set) var failure: StreamReset?
  private(set) var status: Int?
  private(set) var received = 0
  private(set) var hasEnded = false
  private(set) var reset: StreamReset?

  init(_ headerMaps: HeaderMapPool, endsRequest: Bool) {
    self.headerMaps = headerMaps
    self.endsRequest = endsRequest
    super.init()
  }

  override func poolReady(_ encoder: StreamEncoder, _ client: PoolClient) {
    self.encoder = encoder
    self.client = client
    let headers = headerMaps.take()
    headers.add(.method, "GET")
    headers.add(.path, "/")
    headers.add(.authority, "a")
    encoder.encodeHeaders(headers, endStream: endsRequest)
    headerMaps.giveBack(headers)
  }

  override func poolFailure(_ reason: StreamReset, host: Host?, transportFailure: TransportFailure) {
    #expect(!isOver)
    failure = reason
  }

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    status = headers.value(of: .status)?.decimal
    headerMaps.giveBack(headers)
    if endStream { hasEnded = true }
  }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    #expect(!isOver)
    received += data.count
    if endStream { hasEnded = true }
  }

  override func decodeReset(_ reason: StreamReset) {
    #expect(!isOver)
    reset = reason
    client?.countReset(reason)
  }

  private var gaveUp = false

  /// It has heard of its end, or wants to hear nothing more.
  var isOver: Bool { gaveUp || failure != nil || hasEnded || reset != nil }

  func giveUp(_ pool: ConnectionPool? = nil) {
    gaveUp = true
    guard let encoder else { return pool?.cancel(self) ?? () }
    client?.countReset(.localReset)
    encoder.reset(.localReset)
  }
}
