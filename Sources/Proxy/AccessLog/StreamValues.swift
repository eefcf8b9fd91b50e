import Glibc
import HTTP
import Reactor
import Security
import Telemetry

/// What an HTTP stream tells to a substitution format.
struct StreamValues: SubstitutionValues {
  let stream: ActiveStream

  func header(_ header: SubstitutionHeader, in source: SubstitutionHeaderSource) -> ByteView? {
    let map: HeaderMap? =
      switch source {
      case .request: stream.requestHeaders
      case .response: stream.responseHeaders
      case .responseTrailer: stream.responseTrailers
      }
    guard let map else { return nil }
    if let name = HeaderName(rawValue: header.identifier), name != .other { return map.value(of: name) }
    return header.name.withUnsafeBytes { map.value(named: ByteView($0)) }
  }

  func append(_ text: SubstitutionText, to output: inout TextBuffer) -> Bool {
    switch text {
    case .protocol: output.append(stream.downstream.isHTTP2 ? HTTPProtocol.http2.text : HTTPProtocol.http11.text)
    case .upstreamProtocol:
      guard let version = stream.info.upstreamProtocol else { return false }
      output.append(version.text)
    case .streamID:
      guard let id = stream.requestHeaders?.value(of: .xRequestID) else { return false }
      output.append(id)
    case .accessLogType: output.append("DownstreamEnd")
    case .virtualClusterName: return false
    case .filterChainName: return output.append(ifAny: stream.manager.chain.name)
    case .requestedServerName, .downstreamTransportFailureReason:
      return stream.downstream.socket?.append(text, to: &output) ?? false
    case .localReplyBody: return true
    default:
      return stream.info.append(
        text, remote: { stream.remoteAddress }, direct: stream.downstream.remoteAddress,
        local: { stream.downstream.localAddress },
        random: &stream.worker.loop.random, to: &output)
    }
    return true
  }

  func number(_ number: SubstitutionNumber) -> UInt64? {
    switch number {
    case .connectionID: stream.downstream.id
    case .downstreamRemotePort: stream.remoteAddress.map { UInt64($0.port) }
    case .downstreamDirectRemotePort: stream.downstream.remoteAddress.map { UInt64($0.port) }
    case .downstreamLocalPort, .downstreamDirectLocalPort: stream.downstream.localAddress.map { UInt64($0.port) }
    case .requestHeadersBytes: stream.requestHeaders.map { UInt64($0.byteSize) } ?? 0
    case .responseHeadersBytes: stream.responseHeaders.map { UInt64($0.byteSize) } ?? 0
    case .responseTrailersBytes: stream.responseTrailers.map { UInt64($0.byteSize) } ?? 0
    default: stream.info.number(number)
    }
  }

  func append(_ tls: SubstitutionTLS, of side: SubstitutionSide, to output: inout TextBuffer) -> Bool {
    session(side)?.append(tls, to: &output) ?? false
  }

  func certificateTime(_ time: SubstitutionCertificateTime, of side: SubstitutionSide) -> Int64? {
    session(side)?.time(time)
  }

  private func session(_ side: SubstitutionSide) -> TLSSession? {
    side == .downstream ? stream.downstream.socket?.tls : stream.info.upstreamTLS
  }

  func appendDynamicMetadata(_ path: MetadataPath, isText: Bool, to output: inout TextBuffer) -> Bool {
    stream.info.dynamicMetadata?.append(path, isText: isText, to: &output) ?? false
  }

  var grpcMessageCounts: GrpcMessageCounts? { stream.info.grpcMessageCounts }

  func timePoint(_ point: SubstitutionTimePoint) -> Int64? { stream.info.timePoint(point) }

  func wallTime(_ time: SubstitutionTime) -> Int64 {
    time == .start ? stream.info.startWallTime : stream.worker.loop.wallNow
  }
}
