import HTTP
import Reactor

extension WorkerConnectionManager {
  /// Whether the request is internal, and which of Envoy's own headers may therefore count or must go.
  /// - Parameter isSingleHop: the request came without x-forwarded-for.
  func decideInternal(_ headers: HeaderMap, _ stream: ActiveStream, isSingleHop: Bool) {
    headers.remove(.xEnvoyInternal)
    let isInternal = isInternalRequest(headers, stream, isSingleHop: isSingleHop)
    stream.info.isInternal = isInternal
    if isInternal { return }
    if info.useRemoteAddress { removeEdgeHeaders(headers) }
    removeInternalHeaders(headers)
  }

  /// Says upstream that the request is internal, or from where it came to the edge.
  func tellOrigin(_ headers: HeaderMap, _ stream: ActiveStream) {
    if stream.info.isInternal { return headers.set(.xEnvoyInternal, "true") }
    if !info.useRemoteAddress { return }
    if info.xffNumTrustedHops > 0, let address = forwardedAddress(headers) {
      withBytes(address.host) { headers.set(.xEnvoyExternalAddress, $0) }
    } else {
      stream.connection.use { tellAddress(of: $0, headers) }
    }
  }

  private func tellAddress(of downstream: ConnectionManager, _ headers: HeaderMap) {
    if downstream.remoteText.isEmpty { return }
    downstream.remoteText.withUnsafeBytes { headers.set(.xEnvoyExternalAddress, ByteView($0)) }
  }

  /// As Envoy: only who speaks for itself can be internal. With use_remote_address that is a peer that names no other
  /// client, without it the one address of x-forwarded-for.
  private func isInternalRequest(_ headers: HeaderMap, _ stream: ActiveStream, isSingleHop: Bool) -> Bool {
    guard !info.internalAddresses.isEmpty else { return false }
    if info.useRemoteAddress != isSingleHop { return false }
    if !isSingleHop {
      guard let forwarded = headers.value(of: .xForwardedFor), forwarded.firstIndex(of: UInt8(ascii: ",")) == nil,
        let address = Reactor.SocketAddress(ip: forwarded.trimmed.string, port: 0)
      else { return false }
      return info.internalAddresses.contains(address)
    }
    return stream.downstream.remoteAddress.map { info.internalAddresses.contains($0) } ?? false
  }

  private func removeEdgeHeaders(_ headers: HeaderMap) {
    headers.remove(.xEnvoyDecoratorOperation)
    headers.remove(.xEnvoyDownstreamServiceCluster)
    headers.remove(.xEnvoyDownstreamServiceNode)
    headers.remove(.xEnvoyOriginalPath)
  }

  /// The client's address as x-forwarded-for has it, behind as many proxies as are trusted (Envoy's downstream remote
  /// address); nil where the peer itself is the client.
  ///
  /// `headers` are those that go on, with our own address in the list. Made when somebody asks, not for each request.
  func forwardedAddress(_ headers: HeaderMap) -> Reactor.SocketAddress? {
    var place = Int(info.xffNumTrustedHops)
    if info.useRemoteAddress {
      if place == 0 { return nil }
      if info.skipXffAppend { place -= 1 }
    }
    guard let list = headers.value(of: .xForwardedFor), let member = ListTokens.member(fromEnd: place, of: list)
    else { return nil }
    return Reactor.SocketAddress(ip: member.string, port: 0)
  }

  /// What only an internal caller may ask of the router.
  private func removeInternalHeaders(_ headers: HeaderMap) {
    headers.removeAll(of: Self.internalOnly)
  }

  private static let internalOnly = HeaderNameSet(
    .xEnvoyRetriableStatusCodes, .xEnvoyRetriableHeaderNames, .xEnvoyRetryOn, .xEnvoyRetryGrpcOn, .xEnvoyMaxRetries,
    .xEnvoyUpstreamAltStatName, .xEnvoyUpstreamRequestTimeout, .xEnvoyUpstreamRequestPerTryTimeout,
    .xEnvoyUpstreamRequestTimeoutAltResponse, .xEnvoyExpectedRequestTimeout, .xEnvoyForceTrace, .xEnvoyIPTags,
    .xEnvoyOriginalURL, .xEnvoyHedgeOnPerTryTimeout)
}
