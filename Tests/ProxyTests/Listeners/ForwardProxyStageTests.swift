import EnvoyConfig
import Glibc
import HTTP
import Reactor
import Telemetry
import Testing

@testable import Proxy

/// A listener that is a forward proxy and says hello, on a clock that the test moves; names are looked up when the test says.
private final class ForwardHarness {
  let clock = ManualClock()
  let loop: EventLoop
  let policy = PatientPolicy()
  private let store = StatsStore()
  private let worker: Worker
  private let mailbox: Mailbox<Worker>
  private let attachment: Registration
  private let listener: ListenerInfo
  private let address: Reactor.SocketAddress

  init() throws {
    loop = try EventLoop(clock: .manual(clock), random: RandomGenerator(seed: 1))
    let text = """
      static_resources:
        listeners:
        - name: l
          address: {socket_address: {address: 127.0.0.1, port_value: 0}}
          filter_chains:
          - filters:
            - name: h
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: h
                route_config:
                  virtual_hosts:
                  - {name: v, domains: ["*"], routes: [
                    {match: {prefix: /}, direct_response: {status: 200, body: {inline_string: hello}}}]}
                http_filters:
                - name: r
                  typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
      """
    let bootstrap = try loadBootstrap(text: Array(text.utf8), file: "test.yaml", isYAML: true).get()
    guard let any = Reactor.SocketAddress(ip: "127.0.0.1", port: 0) else { throw SystemError("bind", code: EINVAL) }
    let socket = try Sockets.bind(to: any, reusePort: false)
    try Sockets.listen(socket.number, backlog: 10)
    address = try #require(Sockets.localAddress(socket.number))
    var compiler = SnapshotCompiler(bootstrap, concurrency: 1, store: store, localAddress: [])
    compiler.captures = ["l": policy]
    let snapshot = try compiler.compile(listeningOn: [address])
    listener = snapshot.listeners[0]
    mailbox = try Mailbox()
    worker = Worker(
      loop, index: 0, snapshot: snapshot, shard: store.makeShard(), main: try Mailbox<MainLoop>(), mailbox: mailbox)
    attachment = try mailbox.attach(to: loop, worker)
    try worker.listen(listener, on: socket)
  }

  /// The circles between the worker and what it owns.
  deinit {
    worker.stopListening()
    worker.abort()
    mailbox.detach(attachment, from: loop)
    turn()
    worker.dismantle()
  }

  func turn() { for _ in 0..<20 { loop.turn(waiting: false) } }

  func advance(seconds: Int64) {
    clock.advance(milliseconds: seconds * 1000)
    turn()
  }

  func stop() {
    worker.stopListening()
    turn()
  }

  /// Connections that wait for their way.
  var waiting: UInt64 { store.gauge(listener.stats[.downstreamPreCxActive]) }

  func connect(_ text: String = "") throws -> RawClient {
    let client = RawClient(try Sockets.connect(to: address))
    turn()
    client.say(text)
    turn()
    return client
  }
}

private final class RawClient {
  private var socket: Descriptor?
  private let number: Int32

  init(_ socket: consuming Descriptor) {
    number = socket.number
    self.socket = .some(socket)
  }

  func say(_ text: String) {
    let sent = withBytes(text) { send(number, $0.start, $0.count, Int32(MSG_NOSIGNAL)) }
    #expect(sent == text.utf8.count)
  }

  /// What has come; nil for nothing, so far; empty for the end.
  func hear() -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
  }

  func saysNoMore() { #expect(shutdown(number, Int32(SHUT_WR)) == 0) }

  func reset() {
    Sockets.resetOnClose(number)
    _ = socket.take()
  }
}

private final class PatientPolicy: CapturePolicy, ForwardPolicy {
  typealias Answer = @Sendable (Reactor.SocketAddress?) -> Void

  let requestListener = "none"
  private let asked = Locked<[Answer]>([])

  var entrance: CaptureEntrance { .forwardProxy(self) }

  func decide(_ destination: Reactor.SocketAddress) -> CaptureDecision { .serve }

  func decide(_ target: ForwardTarget) -> ForwardDecision {
    switch target.host {
    case .address(let address): .serve(address)
    case .name("forbidden"): .refuse(reason: "it is forbidden")
    case .name(let name): .resolve(name: name)
    }
  }

  func resolve(_ name: String, _ answer: @escaping Answer) { asked.withLock { $0.append(answer) } }

  /// To all that was asked so far.
  func answer(_ address: Reactor.SocketAddress?) {
    let answers = asked.withLock { asked in
      defer { asked = [] }
      return asked
    }
    for answer in answers { answer(address) }
  }
}

@Suite struct ForwardProxyStageTests {
  private let harness: ForwardHarness
  private let request = "GET / HTTP/1.1\r\nhost: h\r\n\r\n"

  init() throws { harness = try ForwardHarness() }

  @Test func aSlowHeadHasFifteenSeconds() throws {
    let client = try harness.connect("CONNECT 192.0.2.1:80 HTTP/1.1\r\n")
    harness.advance(seconds: 14)
    #expect(client.hear() == nil && harness.waiting == 1)
    client.say("x: y\r\n")
    harness.turn()
    harness.advance(seconds: 1)
    #expect(client.hear()?.hasPrefix("HTTP/1.1 408 Request Timeout\r\n") == true)
    #expect(client.hear()?.isEmpty == true && harness.waiting == 1)
    harness.advance(seconds: 1)
    #expect(harness.waiting == 0)
  }

  @Test func aTunnelHasNoTimeout() throws {
    let client = try harness.connect("CONNECT 192.0.2.1:80 HTTP/1.1\r\n\r\n")
    #expect(client.hear() == "HTTP/1.1 200 Connection established\r\n\r\n" && harness.waiting == 0)
    harness.advance(seconds: 60)
    client.say(request)
    harness.turn()
    #expect(client.hear()?.hasSuffix("hello") == true)
    #expect(client.hear() == nil)
  }

  @Test func whoIsRefusedMayReadWhy() throws {
    let client = try harness.connect("CONNECT forbidden:80 HTTP/1.1\r\n\r\nearly")
    client.say("more")
    harness.turn()
    #expect(client.hear()?.contains("pillion: it is forbidden.\n") == true && harness.waiting == 1)
    client.saysNoMore()
    harness.turn()
    #expect(harness.waiting == 0)
  }

  @Test func aNameIsWaitedFor() throws {
    let tunnel = try harness.connect("CONNECT slow:80 HTTP/1.1\r\n\r\n" + request)
    let plain = try harness.connect("GET http://slow/ HTTP/1.1\r\nhost: h\r\n\r\n")
    let unknown = try harness.connect("CONNECT slow:81 HTTP/1.1\r\n\r\n")
    harness.advance(seconds: 60)
    #expect(tunnel.hear() == nil && harness.waiting == 3)
    harness.policy.answer(.init(ip: "127.0.0.1", port: 0))
    harness.turn()
    #expect(unknown.hear()?.hasPrefix("HTTP/1.1 200 Connection established") == true)
    let said = try #require(tunnel.hear())
    #expect(said.hasPrefix("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n") && said.hasSuffix("hello"))
    let answer = try #require(plain.hear())
    #expect(answer.contains("\r\nconnection: close\r\n") && answer.hasSuffix("hello"))
    #expect(plain.hear()?.isEmpty == true && tunnel.hear() == nil)
  }

  @Test func aNameWithoutAnAddressIsSaidSo() throws {
    let client = try harness.connect("CONNECT slow:80 HTTP/1.1\r\n\r\n")
    harness.policy.answer(nil)
    harness.turn()
    #expect(client.hear()?.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n") == true)
  }

  @Test func whoGoesMeanwhileIsForgotten() throws {
    let client = try harness.connect("CONNECT slow:80 HTTP/1.1\r\n\r\n")
    client.reset()
    harness.turn()
    #expect(harness.waiting == 0)
    harness.policy.answer(nil)
    harness.turn()
    #expect(harness.waiting == 0)
  }

  @Test func nobodyWaitsForAListenerThatIsClosed() throws {
    let client = try harness.connect("CONNECT slow:80 HTTP/1.1\r\n\r\n")
    harness.stop()
    #expect(harness.waiting == 0 && client.hear()?.isEmpty == true)
    harness.policy.answer(nil)
    harness.turn()
  }
}
