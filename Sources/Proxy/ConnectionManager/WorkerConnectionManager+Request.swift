import EnvoyConfig
import HTTP
import Reactor
import Telemetry

extension WorkerConnectionManager {
  /// What no route can make right about a request's head; nil for a head that may pass.
  func refuse(_ headers: HeaderMap, _ stream: ActiveStream) -> LocalReply? {
    guard let authority = headers.value(of: .authority), !authority.isEmpty || isConnect(headers) else {
      return LocalReply(status: 400, detail: .literal("missing_host_header"), flag: .downstreamProtocolError)
    }
    if headers.has(.upgrade), isUpgrade(headers) {
      shard.increment(info.stats[.downstreamRqWsOnNonWsRoute])
      return LocalReply(status: 403, detail: .literal("upgrade_failed"))
    }
    guard let path = headers.value(of: .path) else { return nil }
    if path.firstIndex(of: UInt8(ascii: "#")) != nil {
      return LocalReply(status: 400, detail: .literal("path_normalization_failed"))
    }
    if !path.isEmpty, path[0] != UInt8(ascii: "/"), !(path == "*") {
      shard.increment(info.stats[.downstreamRqNonRelativePath])
      return LocalReply(status: 404, detail: .literal("absolute_path_rejected"))
    }
    return normalize(headers)
  }

  private func isConnect(_ headers: HeaderMap) -> Bool { headers.value(of: .method).map { $0 == "CONNECT" } ?? false }

  /// Connection: upgrade (RFC 9110 §7.8) beside an Upgrade field.
  private func isUpgrade(_ headers: HeaderMap) -> Bool {
    var index = headers.firstIndex(of: .connection)
    while let found = index {
      if ListTokens.contain("upgrade", in: headers.value(at: found)) { return true }
      index = headers.nextIndex(of: .connection, from: found + 1)
    }
    return false
  }

  /// Finds the route, and takes what it says about the stream's times.
  func route(_ headers: HeaderMap, _ stream: ActiveStream) {
    if !stream.info.isInternal { info.routes.removeInternalOnlyHeaders(headers) }
    guard
      let entry = info.routes.route(
        headers, randomValue: stream.info.randomValue, isInternal: stream.info.isInternal, scratch: &worker.scratch)
    else { return }
    stream.info.route = entry
    if let idle = entry.idleTimeoutNanoseconds {
      stream.idleTimeout = idle
      stream.armIdleTimer()
    }
    if let duration = entry.maxStreamDurationNanoseconds { stream.overrideMaxDuration(duration) }
  }

  /// Brings the head of a request into the form in which it may go on (Envoy's mutateRequestHeaders).
  func mutateRequestHeaders(_ headers: HeaderMap, _ stream: ActiveStream) {
    removeConnectionHeaders(headers)
    let remote = stream.downstream.remoteAddress
    if info.useRemoteAddress {
      appendForwardedFor(headers, stream.downstream)
      if info.xffNumTrustedHops == 0 || !headers.has(.xForwardedProto) {
        headers.set(.xForwardedProto, stream.downstream.scheme)
      }
    } else if !headers.has(.xForwardedProto) {
      headers.add(.xForwardedProto, stream.downstream.scheme)
    }
    setScheme(headers)
    decideInternal(headers, stream, remote)
    addRequestID(headers, stream)
    if !info.via.isEmpty { info.via.withUnsafeBytes { headers.append(.via, ByteView($0), separator: ", ") } }
  }

  /// Hop-by-hop fields (RFC 9110 §7.6.1) end here; TE goes on only as "trailers".
  private func removeConnectionHeaders(_ headers: HeaderMap) {
    if headers.has(.connection) {
      removeNamedByConnection(headers)
      headers.remove(.connection)
    }
    headers.removeAll(of: Self.hopByHop)
    if let te = headers.value(of: .te), !ListTokens.contain("trailers", in: te) {
      headers.remove(.te)
    } else if headers.has(.te) {
      headers.set(.te, "trailers")
    }
  }

  private static let hopByHop = HeaderNameSet(.upgrade, .keepAlive, .proxyConnection, .transferEncoding)

  /// What Connection names is of this hop too. Pseudo-header fields and what framing needs cannot be named away.
  private func removeNamedByConnection(_ headers: HeaderMap) {
    var index = headers.firstIndex(of: .connection)
    while let found = index {
      ListTokens.forEach(in: headers.value(at: found)) { token in
        let start = worker.scratch.count
        for offset in 0..<token.count { worker.scratch.append(byte: asciiLowercased(token[offset])) }
        let name = worker.scratch.view.dropFirst(start)
        if !ListTokens.isProtected(name) { headers.remove(named: name) }
      }
      index = headers.nextIndex(of: .connection, from: found + 1)
    }
    worker.scratch.removeAll()
  }

  private func setScheme(_ headers: HeaderMap) {
    if !info.schemeOverwrite.isEmpty {
      info.schemeOverwrite.withUnsafeBytes { headers.set(.scheme, ByteView($0)) }
    } else if let proto = headers.value(of: .xForwardedProto), proto == "http" || proto == "https" {
      headers.set(.scheme, proto)
    } else if !headers.has(.scheme) {
      headers.add(.scheme, "http")
    }
  }

  private func appendForwardedFor(_ headers: HeaderMap, _ downstream: ConnectionManager) {
    if info.skipXffAppend || downstream.remoteText.isEmpty { return }
    if downstream.isFromLoopback, !info.localAddress.isEmpty {
      info.localAddress.withUnsafeBytes { headers.append(.xForwardedFor, ByteView($0)) }
    } else {
      downstream.remoteText.withUnsafeBytes { headers.append(.xForwardedFor, ByteView($0)) }
    }
  }

  private func addRequestID(_ headers: HeaderMap, _ stream: ActiveStream) {
    guard info.generateRequestID else { return }
    let isEdge = info.useRemoteAddress && !stream.info.isInternal
    let replace = isEdge && !info.preserveExternalRequestID
    if !replace, let present = headers.value(of: .xRequestID), !present.isEmpty { return }
    RequestID.make(&worker.loop.random) { headers.set(.xRequestID, $0) }
  }
}
