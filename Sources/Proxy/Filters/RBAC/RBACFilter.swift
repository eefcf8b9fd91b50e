import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// `envoy.filters.http.rbac`: lets requests through by who asks for what, or answers them with 403.
final class RBACFilter: HTTPFilter {
  static let metadataNamespace = "envoy.filters.http.rbac"

  private let info: RBACFilterInfo
  /// Its place among the filters: what routes say to it.
  private let place: Int

  init(_ stream: ActiveStream, _ info: RBACFilterInfo, place: Int) {
    self.info = info
    self.place = place
    super.init(stream)
  }

  override func decodeRequestHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus {
    var policies = info.policies
    if case .rbac(let ofRoute) = stream.info.filterConfigs?.use({ $0.config(at: place) }) { policies = ofRoute }
    if policies.enforced == nil && policies.shadow == nil { return .continueIteration }
    let facts = StreamFacts(stream: stream, headers: headers)
    if let shadow = policies.shadow { judgeInShadow(facts, shadow, tracksRules: policies.tracksRules) }
    guard let enforced = policies.enforced else { return .continueIteration }
    let verdict = enforced.engine.evaluate(facts)
    if enforced.engine.action == .log { stream.info.dynamicMetadata.orMade.noteHint(verdict) }
    note(verdict, of: enforced.engine, under: enforced.metadataKeys ?? info.metadataKeys)
    shard.increment(info.stats[verdict.isAllowed ? .allowed : .denied])
    if policies.tracksRules, let policy = verdict.policy {
      let name = enforced.engine.policies[policy].name
      shard.increment(info.ruleStat(name, isAllowed: verdict.isAllowed))
    }
    if verdict.isAllowed { return .continueIteration }
    stream.noteUpstreamCluster(headers)
    stream.sendLocalReply(
      LocalReply(
        status: 403, body: ByteView("RBAC: access denied"), detail: .text(enforced.engine.deniedDetail(verdict))))
    return .stopIteration
  }

  private func judgeInShadow(_ facts: StreamFacts, _ shadow: RBACPolicies.Rules, tracksRules: Bool) {
    let verdict = shadow.engine.evaluate(facts)
    note(verdict, of: shadow.engine, under: shadow.metadataKeys ?? info.shadowMetadataKeys)
    shard.increment(info.shadowStats[verdict.isAllowed ? .shadowAllowed : .shadowDenied])
    if tracksRules, let policy = verdict.policy {
      let name = shadow.engine.policies[policy].name
      shard.increment(info.shadowRuleStat(name, isAllowed: verdict.isAllowed))
    }
  }

  private func note(_ verdict: RBACEngine.Verdict, of engine: RBACEngine, under keys: RBACMetadataKeys) {
    stream.info.dynamicMetadata.orMade.note(verdict, of: engine, under: keys, in: Self.metadataNamespace)
  }
}

/// What RBAC sees of an HTTP request.
private struct StreamFacts: RBACFacts {
  let stream: ActiveStream
  let requestHeaders: HeaderMap

  init(stream: ActiveStream, headers: HeaderMap) {
    self.stream = stream
    requestHeaders = headers
  }

  var headers: HeaderMap? { requestHeaders }
  var path: ByteView? { requestHeaders.value(of: .path)?.withoutQuery }
  var localAddress: Reactor.SocketAddress? { stream.downstream.localAddress }
  var directRemoteAddress: Reactor.SocketAddress? { stream.downstream.remoteAddress }
  var remoteAddress: Reactor.SocketAddress? { stream.remoteAddress }
  var requestedServerName: [UInt8] { stream.downstream.socket?.serverName ?? [] }
  var peer: RBACPeer? { stream.downstream.socket?.rbacPeer }

  func dynamicMetadata(_ namespace: String) -> StructValue? { stream.info.dynamicMetadata?[namespace] }

  func routeMetadata(_ namespace: String) -> StructValue? {
    stream.info.route?.object.filterMetadata.first { $0.name == namespace }?.value
  }
}

extension DownstreamSocket {
  /// Nil for plain text.
  var rbacPeer: RBACPeer? {
    guard let tls else { return nil }
    guard let peer = tls.peer else { return RBACPeer() }
    return RBACPeer(uriSANs: peer.uriSANs, dnsSANs: peer.dnsSANs, subject: peer.subject)
  }
}
