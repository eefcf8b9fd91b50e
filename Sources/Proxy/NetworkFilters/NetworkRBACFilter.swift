import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// `envoy.filters.network.rbac`: lets a connection through by who is at its other end, or closes it. It judges the first
/// data, when TLS has told who that is.
final class NetworkRBACFilter: NetworkFilter {
  private let info: NetworkRBACInfo
  private unowned let socket: DownstreamSocket
  private let worker: Worker
  private var isAllowed = false
  private var isDenied = false
  private var delay = Timer()

  init(_ info: NetworkRBACInfo, _ socket: DownstreamSocket, _ worker: Worker) {
    self.info = info
    self.socket = socket
    self.worker = worker
    super.init()
  }

  override func onData(_ bytes: ByteView, endStream: Bool) -> NetworkFilterStatus {
    if isDenied { return .stopIteration }
    if isAllowed, !info.isContinuous { return .continueIteration }
    let facts = ConnectionFacts(socket: socket)
    if let shadow = info.shadow { judgeInShadow(facts, shadow) }
    guard let enforced = info.enforced else {
      isAllowed = true
      return .continueIteration
    }
    let verdict = enforced.evaluate(facts)
    if enforced.action == .log { socket.dynamicMetadata.orMade.noteHint(verdict) }
    worker.shard.increment(info.stats[verdict.isAllowed ? .allowed : .denied])
    isAllowed = verdict.isAllowed
    if isAllowed { return .continueIteration }
    deny(enforced.deniedDetail(verdict))
    return .stopIteration
  }

  private func judgeInShadow(_ facts: ConnectionFacts, _ shadow: RBACEngine) {
    let verdict = shadow.evaluate(facts)
    worker.shard.increment(info.shadowStats[verdict.isAllowed ? .shadowAllowed : .shadowDenied])
    socket.dynamicMetadata.orMade.note(
      verdict, of: shadow, under: info.shadowMetadataKeys, in: "envoy.filters.network.rbac")
  }

  private func deny(_ detail: String) {
    isDenied = true
    socket.terminationDetails = detail
    guard info.delayDeny > 0 else { return socket.close() }
    socket.stopReading()
    delay.arm(worker.loop, self, id: 0, after: info.delayDeny)
  }

  override func timerFired(_ id: UInt8) { socket.close() }

  override func onClose() { delay.disarm() }
}

/// What RBAC sees of a connection.
private struct ConnectionFacts: RBACFacts {
  let socket: DownstreamSocket

  var headers: HeaderMap? { nil }
  var path: ByteView? { nil }
  var localAddress: Reactor.SocketAddress? { socket.localAddress }
  var directRemoteAddress: Reactor.SocketAddress? { socket.remoteAddress }
  var remoteAddress: Reactor.SocketAddress? { socket.remoteAddress }
  var requestedServerName: [UInt8] { socket.serverName }
  var peer: RBACPeer? { socket.rbacPeer }

  func dynamicMetadata(_ namespace: String) -> StructValue? { socket.dynamicMetadata?[namespace] }

  func routeMetadata(_ namespace: String) -> StructValue? { nil }
}
