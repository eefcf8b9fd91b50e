import EnvoyConfig
import HTTP
import Reactor
import Telemetry
import Testing

@testable import Proxy

/// A worker that listens, with an HTTP/2 upstream behind it and an HTTP/2 client before it, all on one loop.
final class ProxyHarness {
  static let serverQueue = 65_535

  let loop: EventLoop
  let store = StatsStore()
  let server: UpstreamServer
  let client: DownstreamClient
  private let worker: Worker

  /// - Parameter bufferLimit: of the listener's connections and of the cluster's.
  init(bufferLimit: Int, client clientOptions: HTTP2Options = HTTP2Options()) throws {
    loop = try EventLoop(clock: .manual(ManualClock()), random: RandomGenerator(seed: 1))
    // It queues no more than that of a response.
    var options = HTTP2Options()
    options.initialStreamWindowSize = Self.serverQueue
    server = try UpstreamServer(loop, options)
    let text = """
      static_resources:
        listeners:
        - name: l
          address: {socket_address: {address: 127.0.0.1, port_value: 0}}
          per_connection_buffer_limit_bytes: \(bufferLimit)
          filter_chains:
          - filters:
            - name: h
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: h
                codec_type: HTTP2
                route_config:
                  virtual_hosts:
                  - {name: v, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: a, timeout: 0s}}]}
                http_filters:
                - name: r
                  typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
        clusters:
        - name: a
          type: STATIC
          connect_timeout: 1s
          per_connection_buffer_limit_bytes: \(bufferLimit)
          typed_extension_protocol_options:
            envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
              "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
              explicit_http_config: {http2_protocol_options: {}}
          load_assignment: {cluster_name: a}
      """
    let bootstrap = try loadBootstrap(text: Array(text.utf8), file: "test.yaml", isYAML: true).get()
    let any = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    let socket = try Sockets.bind(to: any, reusePort: false, ipv4Too: false)
    try Sockets.listen(socket.number, backlog: 10)
    let address = try #require(Sockets.localAddress(socket.number))
    var compiler = SnapshotCompiler(bootstrap, concurrency: 1, store: store, localAddress: [])
    let snapshot = try compiler.compile(listeningOn: [address])
    let upstream = try #require(SocketAddress(ip: "127.0.0.1", port: server.port))
    let host = Host(
      id: 1, address: upstream, hostname: "", endpoint: LbEndpoint(), group: LocalityLbEndpoints(), tls: nil,
      monitor: nil, store: store)
    _ = snapshot.clusters[0].replaceHosts([host])
    worker = Worker(loop, index: 0, snapshot: snapshot, shard: store.makeShard(), main: try Mailbox<MainLoop>())
    try worker.listen(snapshot.listeners[0], on: socket)
    client = try DownstreamClient(loop, address, clientOptions)
    turn()
  }

  /// The circles between the worker and what it owns.
  deinit {
    client.close()
    server.close()
    worker.stopListening()
    turn()
    worker.clusters[0].drain()
    turn()
    worker.dismantle()
  }

  /// Lets everything that is on its way arrive.
  func turn(_ times: Int = 20) {
    for _ in 0..<times { loop.turn(waiting: false) }
  }
}

/// An HTTP/2 client whose streams are read, or not, as the test says.
final class DownstreamClient: ClientCodecDelegate {
  private(set) var streams: [DownstreamClientStream] = []
  private let headerMaps = HeaderMapPool()
  private var connection: Connection?
  private var codec: HTTP2ClientCodec?

  init(_ loop: EventLoop, _ address: Reactor.SocketAddress, _ options: HTTP2Options) throws {
    super.init()
    let connection = try Connection(loop, taking: try Sockets.connect(to: address), connecting: true, delegate: self)
    self.connection = connection
    codec = HTTP2ClientCodec(transport: connection, delegate: self, loop: loop, pool: headerMaps, options: options)
  }

  @discardableResult
  func get(_ path: StaticString = "/", reads: Bool = true) -> DownstreamClientStream {
    let stream = DownstreamClientStream(headerMaps)
    streams.append(stream)
    codec?.newStream(stream).use { encoder in
      stream.encoder = encoder
      let headers = headerMaps.take()
      headers.add(.method, "GET")
      headers.add(.scheme, "http")
      headers.add(.authority, "a")
      headers.add(.path, path)
      encoder.encodeHeaders(headers, endStream: true)
      headerMaps.giveBack(headers)
      if !reads { encoder.readDisable(true) }
    }
    return stream
  }

  func close() { connection?.close(.noFlush) }

  override func connectionReceived(_ bytes: ByteView) -> Int { (try? codec?.dispatch(bytes)) ?? bytes.count }

  override func connectionDidClose(_ event: ConnectionCloseEvent) { connection = nil }
}

final class DownstreamClientStream: StreamDecoder {
  private let headerMaps: HeaderMapPool
  var encoder: StreamEncoder?
  private(set) var received = 0
  private(set) var hasEnded = false

  init(_ headerMaps: HeaderMapPool) {
    self.headerMaps = headerMaps
    super.init()
  }

  func read() { encoder?.readDisable(false) }

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    headerMaps.giveBack(headers)
    if endStream { hasEnded = true }
  }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    received += data.count
    if endStream { hasEnded = true }
  }

  override func decodeTrailers(_ trailers: HeaderMap) { headerMaps.giveBack(trailers) }
}
