import EnvoyConfig
import HTTP
import Reactor

/// Requests for another protocol: upgrades and CONNECT, which Envoy treats as an upgrade of that name.
extension WorkerConnectionManager {
  /// CONNECT is the one method whose request has no path (RFC 9112 §3.2.3).
  func isConnect(_ headers: HeaderMap) -> Bool {
    !headers.has(.path) && headers.value(of: .method).map { $0 == "CONNECT" } ?? false
  }

  /// Lets the request have its protocol, or says why not: where neither the route nor the connection manager allows it
  /// (`upgrade_configs`). What follows on a refused connection may be that protocol, so the connection ends too.
  func acceptUpgrade(_ headers: HeaderMap, _ stream: ActiveStream) -> LocalReply? {
    let isConnect = isConnect(headers)
    let type = isConnect ? ByteView("CONNECT") : headers.value(of: .upgrade) ?? .empty
    if allows(type, stream.info.route) {
      stream.beginUpgrade(isConnect ? .connect : type.equalsIgnoringCase(ByteView("websocket")) ? .webSocket : .other)
      return nil
    }
    if stream.info.route == nil, isConnect { return nil }
    stream.noteUpstreamCluster(headers)
    shard.increment(info.stats[.downstreamRqWsOnNonWsRoute])
    stream.connection.use { if $0.isHTTP2 { $0.drainForClose() } }
    return LocalReply(status: 403, detail: .literal("upgrade_failed"), closesConnection: true)
  }

  /// The route's word goes before the connection manager's.
  private func allows(_ type: ByteView, _ route: Unretained<RouteEntry>?) -> Bool {
    let own = route?.use { $0.upgradeConfigs.first { type.equals($0.upgradeType) }?.enabled } ?? nil
    return own ?? info.upgradeConfigs.first { type.equals($0.upgradeType) }?.enabled ?? false
  }
}

extension ByteView {
  fileprivate func equals(_ name: String) -> Bool { withBytes(name) { equalsIgnoringCase($0) } }
}

/// A protocol that a stream has been allowed to change to.
enum Upgrade {
  /// CONNECT: as Envoy, nothing but the head is sent before the upstream has agreed.
  case connect
  /// Likewise.
  case webSocket
  case other
}

extension ActiveStream {
  /// The request may have the protocol that it asks for, if the upstream agrees.
  func beginUpgrade(_ kind: Upgrade) {
    upgrade = kind
    shard.increment(config.stats[.downstreamCxUpgradesTotal])
    shard.adjust(config.stats[.downstreamCxUpgradesActive], by: 1)
  }

  /// Once there is an answer: whether the upstream has agreed, so that what follows is another protocol's.
  var isTunnel: Bool {
    switch upgrade {
    case nil: false
    case .connect: info.responseCode / 100 == 2
    case .webSocket, .other: info.responseCode == 101
    }
  }
}
