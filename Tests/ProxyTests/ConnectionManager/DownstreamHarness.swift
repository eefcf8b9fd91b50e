import EnvoyConfig
import HTTP
import Reactor
import Telemetry
import Testing

@testable import Proxy

/// A worker with one listener, whose connection manager answers by itself ("/") or waits for a cluster's host that never
/// answers ("/wait"), and a clock that the test moves.
final class DownstreamHarness {
  let clock = ManualClock()
  let loop: EventLoop
  let store = StatsStore()
  let worker: Worker
  let info: ConnectionManagerInfo
  private let upstream: UpstreamServer
  private let port: UInt16

  /// - Parameter fields: of the connection manager, in YAML's flow style, each with a comma behind it.
  init(_ fields: String = "") throws {
    loop = try EventLoop(clock: .manual(clock), random: RandomGenerator(seed: 1))
    upstream = try UpstreamServer(loop)
    let text = """
      static_resources:
        listeners:
        - name: l
          address: {socket_address: {address: 127.0.0.1, port_value: 0}}
          filter_chains:
          - filters:
            - name: hcm
              typed_config: {
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager,
                stat_prefix: h, drain_timeout: 2s, delayed_close_timeout: 1s, \(fields)
                route_config: {virtual_hosts: [{name: v, domains: ["*"], routes: [
                  {match: {prefix: "/wait"}, route: {cluster: a}},
                  {match: {prefix: "/"}, direct_response: {status: 200, body: {inline_string: hello}}}]}]},
                http_filters: [{name: router, typed_config: {
                  "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}]}
        clusters:
        - {name: a, type: STATIC, connect_timeout: 1s, typed_extension_protocol_options: {
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions,
              explicit_http_config: {http2_protocol_options: {}}}}, load_assignment: {cluster_name: a}}
      """
    let bootstrap = try loadBootstrap(text: Array(text.utf8), file: "test.yaml", isYAML: true).get()
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    let socket = try Sockets.bind(to: address, reusePort: false, ipv4Too: false)
    try Sockets.listen(socket.number, backlog: 100)
    let local = try #require(Sockets.localAddress(socket.number))
    port = local.port
    var compiler = SnapshotCompiler(bootstrap, concurrency: 1, store: store, localAddress: [])
    let snapshot = try compiler.compile(listeningOn: [local])
    guard case .connectionManager(let info) = snapshot.listeners[0].chains[0].filter else {
      throw HarnessError()
    }
    self.info = info
    let host = Host(
      id: 1, address: try #require(SocketAddress(ip: "127.0.0.1", port: upstream.port)), hostname: "",
      endpoint: LbEndpoint(), group: LocalityLbEndpoints(), tls: nil, monitor: nil, store: store)
    _ = snapshot.clusters[0].replaceHosts([host])
    worker = Worker(loop, index: 0, snapshot: snapshot, shard: store.makeShard(), main: try Mailbox<MainLoop>())
    try worker.listen(snapshot.listeners[0], on: socket)
  }

  struct HarnessError: Error {}

  /// The circles between the worker and what it owns.
  deinit {
    worker.stopListening()
    worker.abort()
    worker.clusters[0].drain()
    upstream.close()
    turn()
    worker.dismantle()
  }

  /// Lets all that is under way happen.
  func turn() { for _ in 0..<20 { loop.turn(waiting: false) } }

  func advance(milliseconds: Int64) {
    clock.advance(milliseconds: milliseconds)
    turn()
  }

  func connect() throws -> HarnessClient {
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: port))
    let client = try HarnessClient(loop, to: address)
    turn()
    return client
  }

  func count(_ stat: ConnectionManagerStat) -> UInt64 { store.counter(info.stats[stat]) }

  func count(_ stat: HTTP2Stat) -> UInt64 { store.counter(info.http2Stats[stat]) }
}

/// An HTTP/2 client on the test's own loop.
final class HarnessClient: ClientCodecDelegate {
  private(set) var codec: HTTP2ClientCodec?
  private(set) var connection: Connection?
  private var responses: [DownstreamResponse] = []
  private(set) var goAways = 0
  private(set) var isClosed = false

  init(_ loop: EventLoop, to address: Reactor.SocketAddress) throws {
    super.init()
    let connection = try Connection(
      loop, taking: try Sockets.connect(to: address), connecting: true, delegate: self)
    self.connection = connection
    codec = HTTP2ClientCodec(
      transport: connection, delegate: self, loop: loop, pool: HeaderMapPool(), options: HTTP2Options())
  }

  func request(_ path: StaticString = "/", endStream: Bool = true) -> DownstreamResponse {
    let response = DownstreamResponse()
    responses.append(response)
    response.encoder = codec?.newStream(response).object
    let headers: HeaderMap = [":method": "GET", ":scheme": "http", ":authority": "h"]
    headers.add(.path, path)
    response.encoder?.encodeHeaders(headers, endStream: endStream)
    return response
  }

  override func goAwayReceived() { goAways += 1 }

  override func connectionReceived(_ bytes: ByteView) -> Int { (try? codec?.dispatch(bytes)) ?? bytes.count }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    isClosed = true
    codec?.connectionClosed(.connectionTermination)
    connection = nil
  }
}

final class DownstreamResponse: StreamDecoder {
  var encoder: StreamEncoder?
  private(set) var status: Int?
  private(set) var body = ""
  private(set) var reset: StreamReset?

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) { status = headers.value(of: .status)?.decimal }

  override func decodeData(_ data: ByteView, endStream: Bool) { body += data.string }

  override func decodeReset(_ reason: StreamReset) { reset = reason }
}
