import EnvoyConfig
import HTTP
import Reactor
import Telemetry

extension WorkerConnectionManager {
  /// What no route can make right about a request's head; nil for a head that may pass.
  func refuse(_ headers: HeaderMap) -> LocalReply? {
    if !headers.has(.authority) { return Self.refusal("missing_host_header") }
    if headers.value(of: .method).map({ $0 == "QUERY" }) ?? false, !headers.has(.contentType) {
      return Self.refusal("query_missing_content_type")
    }
    guard let path = headers.value(of: .path) else { return nil }
    if path.firstIndex(of: UInt8(ascii: "#")) != nil { return refusePath() }
    if !path.isEmpty, path[0] != UInt8(ascii: "/") {
      shard.increment(info.stats[.downstreamRqNonRelativePath])
      return LocalReply(status: 404, detail: .literal("absolute_path_rejected"))
    }
    return normalize(headers)
  }

  func refusePath() -> LocalReply {
    shard.increment(info.stats[.downstreamRqFailedPathNormalization])
    return Self.refusal("path_normalization_failed")
  }

  /// As Envoy: a bad request ends its connection.
  private static func refusal(_ detail: StaticString) -> LocalReply {
    LocalReply(status: 400, detail: .literal(detail), closesConnection: true)
  }

  /// Answers Expect: 100-continue (RFC 9110 §10.1.1), unless the upstream is to do so.
  func answerExpectation(_ headers: HeaderMap, _ stream: ActiveStream) {
    guard !info.proxies100Continue, headers.has(.expect), let value = headers.value(of: .expect),
      value.equalsIgnoringCase(ByteView("100-continue"))
    else { return }
    headers.remove(.expect)
    let interim = worker.headerMaps.take()
    interim.add(.status, decimal: 100)
    stream.encodeInformational(interim)
  }

  /// Finds the route, and takes what it says about the stream's times.
  func route(_ headers: HeaderMap, _ stream: ActiveStream) {
    // As Envoy: without a scheme there is no route.
    if headers.value(of: .xForwardedProto)?.isEmpty ?? false { return }
    if !stream.info.isInternal { routes.removeInternalOnlyHeaders(headers) }
    routes.withRoute(headers, randomValue: stream.info.randomValue, isInternal: stream.info.isInternal) {
      take($0, headers, stream)
    }
  }

  private func take(_ entry: RouteEntry, _ headers: HeaderMap, _ stream: ActiveStream) {
    stream.info.route = Unretained(entry)
    stream.info.filterConfigs = entry.filterConfigs(headers, randomValue: stream.info.randomValue)
    if let idle = entry.idleTimeoutNanoseconds {
      stream.idleTimeout = idle
      stream.armIdleTimer()
    }
    if entry.hasMaxStreamDuration { takeDuration(entry, headers, stream) }
  }

  /// How long the stream may last: by its `grpc-timeout` where the route bounds that, or by the route's word, or the
  /// connection manager's. A gRPC request's upstream is told.
  private func takeDuration(_ entry: RouteEntry, _ headers: HeaderMap, _ stream: ActiveStream) {
    let isGrpc = headers.isGrpcRequest
    if let duration = entry.grpcTimeouts.duration(headers) {
      stream.endAfter(GrpcTimeout.nanoseconds(milliseconds: duration))
      if isGrpc { GrpcTimeout.write(milliseconds: duration, to: headers) }
      return
    }
    let duration = entry.maxStreamDurationNanoseconds ?? info.maxStreamDuration
    stream.overrideMaxDuration(duration)
    if isGrpc, duration > 0 { GrpcTimeout.write(milliseconds: duration / 1_000_000, to: headers) }
  }

  /// Brings the head of a request into the form in which it may go on (Envoy's mutateRequestHeaders).
  func mutateRequestHeaders(_ headers: HeaderMap, _ stream: ActiveStream) {
    let isSingleHop = !headers.has(.xForwardedFor)
    if info.useRemoteAddress {
      stream.connection.use { appendForwardedFor(headers, $0) }
      if info.xffNumTrustedHops == 0 || !headers.has(.xForwardedProto) {
        headers.set(.xForwardedProto, stream.connection.use { $0.scheme })
      }
    } else if !headers.has(.xForwardedProto) {
      headers.add(.xForwardedProto, stream.connection.use { $0.scheme })
    }
    if info.appendXForwardedPort { addForwardedPort(headers) }
    setScheme(headers, isHTTP2: stream.downstream.isHTTP2)
    decideInternal(headers, stream, isSingleHop: isSingleHop)
    if !info.userAgent.isEmpty { addUserAgent(headers) }
    if !info.via.isEmpty { headers.append(.via, info.via.view, separator: ", ") }
    tellOrigin(headers, stream)
    addRequestID(headers, stream)
    stream.connection.use { forwardClientCert(headers, $0) }
  }

  /// Where the client came to. An edge listener believes no other port than its own.
  private func addForwardedPort(_ headers: HeaderMap) {
    guard info.listenerPort > 0 else { return }
    if info.useRemoteAddress && info.xffNumTrustedHops == 0 || !headers.has(.xForwardedPort) {
      headers.set(.xForwardedPort, decimal: info.listenerPort)
    }
  }

  /// `add_user_agent`: who sends the request on.
  private func addUserAgent(_ headers: HeaderMap) {
    headers.set(.xEnvoyDownstreamServiceCluster, info.userAgent.view)
    if headers.value(of: .userAgent)?.isEmpty ?? true { headers.set(.userAgent, info.userAgent.view) }
    if !info.nodeID.isEmpty { headers.set(.xEnvoyDownstreamServiceNode, info.nodeID.view) }
  }

  /// Hop-by-hop fields (RFC 9110 §7.6.1) end here; TE goes on only as "trailers". Returns whether another protocol is
  /// asked for: by CONNECT, or by an Upgrade field that Connection names (§7.8), which then go on.
  func removeConnectionHeaders(_ headers: HeaderMap) -> Bool {
    let isUpgrade = headers.isUpgrade
    if isUpgrade {
      headers.removeAll(of: Self.hopByHopOfUpgrades)
    } else {
      if headers.has(.connection) {
        removeNamedByConnection(headers)
        headers.remove(.connection)
      }
      headers.removeAll(of: Self.hopByHop)
    }
    if let te = headers.value(of: .te), !te.isEmpty {
      if ListTokens.contain("trailers", in: te) { headers.set(.te, "trailers") } else { headers.remove(.te) }
    }
    return isUpgrade || isConnect(headers)
  }

  private static let hopByHop = HeaderNameSet(.upgrade, .keepAlive, .proxyConnection, .transferEncoding)
  static let hopByHopOfUpgrades = HeaderNameSet(.keepAlive, .proxyConnection, .transferEncoding)

  /// What Connection names is of this hop too, even the host: the request is then one without.
  private func removeNamedByConnection(_ headers: HeaderMap) {
    var index = headers.firstIndex(of: .connection)
    while let found = index {
      ListTokens.forEach(in: headers.value(at: found)) { token in
        let start = worker.scratch.count
        for offset in 0..<token.count { worker.scratch.append(byte: asciiLowercased(token[offset])) }
        let name = worker.scratch.view.dropFirst(start)
        switch HeaderName(name) {
        case .upgrade, .connection, .te: break
        case .host: headers.remove(.authority)
        default: headers.remove(named: name)
        }
      }
      index = headers.nextIndex(of: .connection, from: found + 1)
    }
    worker.scratch.removeAll()
  }

  private func setScheme(_ headers: HeaderMap, isHTTP2: Bool) {
    if !info.schemeOverwrite.isEmpty {
      headers.set(.scheme, info.schemeOverwrite.view)
      headers.set(.xForwardedProto, info.schemeOverwrite.view)
    } else if isHTTP2, headers.has(.scheme) {
      // The client said it.
    } else if let proto = headers.value(of: .xForwardedProto), proto == "http" || proto == "https" {
      headers.set(.scheme, proto)
    } else if !headers.has(.scheme) {
      headers.add(.scheme, "http")
    }
  }

  private func appendForwardedFor(_ headers: HeaderMap, _ downstream: ConnectionManager) {
    if info.skipXffAppend || downstream.remoteText.isEmpty { return }
    if downstream.isFromLoopback, !info.localAddress.isEmpty {
      headers.append(.xForwardedFor, info.localAddress.view)
    } else {
      downstream.remoteText.withUnsafeBytes { headers.append(.xForwardedFor, ByteView($0)) }
    }
  }

  /// A stranger's id does not say whether we trace: as Envoy, its mark becomes that of no trace.
  private func clearTraceReason(_ id: ByteView, _ headers: HeaderMap) {
    worker.scratch.append(id.prefix(RequestID.tracePlace))
    worker.scratch.append(byte: RequestID.notTraced)
    worker.scratch.append(id.dropFirst(RequestID.tracePlace + 1))
    headers.set(.xRequestID, worker.scratch.view)
    worker.scratch.removeAll()
  }

  private func addRequestID(_ headers: HeaderMap, _ stream: ActiveStream) {
    guard info.generateRequestID else { return }
    let isEdge = info.useRemoteAddress && !stream.info.isInternal
    let replace = isEdge && !info.preserveExternalRequestID
    if !replace, let present = headers.value(of: .xRequestID), !present.isEmpty {
      if isEdge, info.packTraceReason, present.count == RequestID.length { clearTraceReason(present, headers) }
      return
    }
    RequestID.make(&stream.loop.random) { headers.set(.xRequestID, $0) }
  }
}
