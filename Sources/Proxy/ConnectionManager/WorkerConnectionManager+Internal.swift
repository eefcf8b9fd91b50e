import HTTP
import Reactor

extension WorkerConnectionManager {
  /// Whether the request is internal, and which of Envoy's own headers may therefore count or must go.
  func decideInternal(_ headers: HeaderMap, _ stream: ActiveStream, _ remote: Reactor.SocketAddress?) {
    headers.remove(.xEnvoyInternal)
    let isInternal = isInternalRequest(headers, remote)
    stream.info.isInternal = isInternal
    if isInternal {
      headers.set(.xEnvoyInternal, "true")
      return
    }
    if info.useRemoteAddress { removeEdgeHeaders(headers, stream.downstream) }
    removeInternalHeaders(headers)
  }

  private func isInternalRequest(_ headers: HeaderMap, _ remote: Reactor.SocketAddress?) -> Bool {
    guard !info.internalAddresses.isEmpty, let remote else { return false }
    if info.useRemoteAddress { return info.internalAddresses.contains(remote) }
    // Without use_remote_address only the single address in x-forwarded-for tells, as in Envoy.
    guard let forwarded = headers.value(of: .xForwardedFor), forwarded.firstIndex(of: UInt8(ascii: ",")) == nil,
      let address = Reactor.SocketAddress(ip: forwarded.trimmed.string, port: 0)
    else { return false }
    return info.internalAddresses.contains(address)
  }

  private func removeEdgeHeaders(_ headers: HeaderMap, _ downstream: ConnectionManager) {
    headers.remove(.xEnvoyDecoratorOperation)
    headers.remove(.xEnvoyDownstreamServiceCluster)
    headers.remove(.xEnvoyDownstreamServiceNode)
    headers.remove(.xEnvoyOriginalPath)
    if !downstream.remoteText.isEmpty {
      downstream.remoteText.withUnsafeBytes { headers.set(.xEnvoyExternalAddress, ByteView($0)) }
    }
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
