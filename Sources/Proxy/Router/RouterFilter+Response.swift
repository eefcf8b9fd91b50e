import HTTP
import Reactor
import Telemetry

/// What the upstream answers, on its way to the client.
extension RouterFilter {
  func upstreamInformational(_ headers: HeaderMap, isFirst: Bool) {
    let status = headers.value(of: .status)?.decimal ?? 100
    // As Envoy: of several, the first is counted.
    if isFirst, let cluster = cluster?.object { count(UInt16(clamping: status), of: cluster) }
    if stream.manager.info.proxies100Continue, status == 100 {
      stream.encodeInformational(headers)
    } else {
      headerMaps.giveBack(headers)
    }
  }

  func upstreamHeaders(_ attempt: UpstreamRequest, _ headers: HeaderMap, endStream: Bool) {
    guard let cluster, let route else { return headerMaps.giveBack(headers) }
    cluster.use { cluster in
      route.use { route in take(headers, attempt, route, cluster, endStream: endStream) }
    }
  }

  private func take(
    _ headers: HeaderMap, _ attempt: UpstreamRequest, _ route: RouteEntry, _ cluster: WorkerCluster, endStream: Bool
  ) {
    let status = UInt16(clamping: headers.value(of: .status)?.decimal ?? 0)
    if endStream { attemptEnded() }
    let grpcStatus = isGrpc ? headers.grpcStatusCode : nil
    attempt.host?.use { report(.response(status: grpcStatus.map(GrpcCode.httpStatus) ?? status), Unretained($0)) }
    stream.info.firstUpstreamByteReceived = now
    if cluster.info.healthCheck != nil, headers.has(.xEnvoyImmediateHealthCheckFail), let host = attempt.host?.object {
      worker.reportPassiveFailure(cluster.info, host)
    }
    if stream.upgrade == .webSocket, status < 400, status != 101 { return handshakeFailed(headers, status) }
    if !retry.letsPass(status: status), retriedResponse(headers, route, cluster) {
      attempt.host?.use { shard.increment($0.stats[.rqError]) }
      cluster.countRetried(status, countsCodes: countsCodes, shard)
      headerMaps.giveBack(headers)
      return
    }
    if isGrpc, status < 500, !endStream {
      defersSuccess = true
    } else {
      let succeeded = status < 500 && (!isGrpc || Self.isSuccess(grpcStatus))
      attempt.host?.use { shard.increment($0.stats[succeeded ? .rqSuccess : .rqError]) }
    }
    passOn(headers, status, route, cluster, endStream: endStream)
  }

  /// As Envoy: an answer to a WebSocket handshake that neither agrees nor is an error goes on without its body.
  private func handshakeFailed(_ headers: HeaderMap, _ status: UInt16) {
    if attemptInFlight { cancelAttempt() }
    answer(
      LocalReply(
        status: status, detail: .literal("websocket_handshake_unsuccessful"),
        addHeaders: { reply in
          for index in 0..<headers.endIndex where headers.isLive(at: index) {
            let name = headers.name(at: index)
            if name == .status || name == .contentLength || name == .transferEncoding { continue }
            reply.add(named: headers.nameText(at: index), headers.value(at: index))
          }
        }))
    headerMaps.giveBack(headers)
  }

  func passOn(
    _ headers: HeaderMap, _ status: UInt16, _ route: RouteEntry, _ cluster: WorkerCluster, endStream: Bool
  ) {
    guard stream.takeResponse(headers, status: status) else { return }
    responseStarted = true
    stream.info.detail = .literal("via_upstream")
    if !config.suppressEnvoyHeaders, requestCompletedAt != 0 {
      headers.set(.xEnvoyUpstreamServiceTime, decimal: Int(serviceMilliseconds))
    }
    if route.includesAttemptCountInResponse {
      headers.set(.xEnvoyAttemptCount, decimal: stream.info.attemptCount)
    }
    route.finalizeResponseHeaders(headers, choice, StreamValues(stream: stream), scratch: &worker.scratch)
    count(status, of: cluster)
    if endStream { responseEnded() }
    stream.encodeHeaders(endStream: endStream)
    if stream.upgrade != nil { upgradeAnswered() }
  }

  var serviceMilliseconds: Int64 {
    requestCompletedAt == 0 ? 0 : max(0, now - requestCompletedAt) / 1_000_000
  }

  func upstreamData(_ attempt: UpstreamRequest, _ data: ByteView, endStream: Bool) {
    guard responseStarted else { return }
    // A gRPC response without a status has failed.
    if endStream { countDeferred(nil, attempt) }
    if endStream { responseEnded() }
    stream.encodeData(data, endStream: endStream)
  }

  func upstreamTrailers(_ attempt: UpstreamRequest, _ trailers: HeaderMap) {
    guard responseStarted else { return headerMaps.giveBack(trailers) }
    countDeferred(trailers.grpcStatusCode, attempt)
    responseEnded()
    stream.encodeTrailers(trailers)
  }

  /// A gRPC response has shown how it ends: only then its host knows whether it was a success.
  func countDeferred(_ grpcStatus: Int?, _ attempt: UpstreamRequest) {
    guard defersSuccess else { return }
    defersSuccess = false
    attempt.host?.use { shard.increment($0.stats[Self.isSuccess(grpcStatus) ? .rqSuccess : .rqError]) }
  }

  private static func isSuccess(_ grpcStatus: Int?) -> Bool {
    grpcStatus.map { GrpcCode.httpStatus($0) < 500 } ?? false
  }

  /// Counts a response of the cluster's by its code, unless `dynamic_stats` is off.
  func count(_ status: UInt16, of cluster: WorkerCluster) {
    guard config.dynamicStats else { return }
    cluster.count(status, isInternal: stream.info.isInternal, countsCodes: countsCodes, shard)
  }

  /// Whether a response is counted by its code, and not only as one.
  var countsCodes: Bool { !isGrpc || !config.suppressGrpcCodes }

  func responseEnded() {
    attemptEnded()
    answered = true
    timeoutTimer.disarm()
    stream.info.lastUpstreamByteReceived = now
    guard config.dynamicStats, requestCompletedAt > 0, stream.info.responseCode != 408 else { return }
    cluster?.use {
      $0.record(milliseconds: UInt64(serviceMilliseconds), isInternal: stream.info.isInternal, shard)
    }
  }
}
