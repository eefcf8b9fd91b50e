import EnvoyConfig
import HTTP
import Reactor

extension WorkerConnectionManager {
  /// Brings the head of a response into the form in which it goes to the client (Envoy's mutateResponseHeaders).
  func mutateResponseHeaders(_ headers: HeaderMap, _ stream: ActiveStream) {
    if stream.upgrade != nil, headers.isUpgrade {
      takeUpgradeResponse(headers)
    } else {
      headers.removeAll(of: Self.hopByHopOfResponses)
      if let status = headers.value(of: .status), status != "426" { headers.remove(.upgrade) }
    }
    if !headers.has(.date) { headers.add(.date, worker.dateHeader) }
    setServer(headers)
    if info.alwaysSetRequestIDInResponse, let id = stream.requestHeaders?.value(of: .xRequestID) {
      headers.set(.xRequestID, id)
    }
    if !info.via.isEmpty { headers.append(.via, info.via.view, separator: ", ") }
    stream.connection.use { closeWhereDue(headers, stream, $0) }
  }

  /// As Envoy: what the upstream says of the new protocol goes on, and no body is left open.
  private func takeUpgradeResponse(_ headers: HeaderMap) {
    let isInterim = headers.value(of: .status).map { $0.hasPrefix(ByteView("1")) } ?? false
    if !isInterim, !headers.has(.transferEncoding), !headers.has(.contentLength) {
      headers.set(.contentLength, decimal: 0)
    }
    headers.removeAll(of: Self.hopByHopOfUpgrades)
  }

  private static let hopByHopOfResponses = HeaderNameSet(
    .connection, .keepAlive, .proxyConnection, .transferEncoding)

  private func setServer(_ headers: HeaderMap) {
    switch info.serverHeaderTransformation {
    case .overwrite: headers.set(.server, info.serverName.view)
    case .appendIfAbsent:
      if !headers.has(.server) { headers.add(.server, info.serverName.view) }
    case .passThrough: break
    }
  }

  /// A response that comes before its request was read to the end leaves a connection of HTTP/1.1 in no state for another.
  private func closeWhereDue(_ headers: HeaderMap, _ stream: ActiveStream, _ connection: ConnectionManager) {
    if !connection.isDraining, worker.asksToClose(inbound: isInbound) {
      shard.increment(info.stats[.downstreamCxDrainClose])
      connection.drainForClose()
    }
    if !stream.requestEnded {
      shard.increment(info.stats[.downstreamRqResponseBeforeRqComplete])
      if !connection.isHTTP2 { connection.drainForClose() }
    }
    if connection.isClosing, !connection.isHTTP2, !stream.isTunnel { headers.add(.connection, "close") }
  }
}
