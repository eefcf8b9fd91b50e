import Glibc
import HTTP
import Reactor
import Telemetry

/// The part of a substitution format's values that HTTP streams and TCP connections share.
extension StreamInfo {
  func append(
    _ text: SubstitutionText, remote: () -> SocketAddress?, direct: SocketAddress?, local: () -> SocketAddress?,
    random: inout RandomGenerator,
    to output: inout TextBuffer
  ) -> Bool {
    switch text {
    case .responseCodeDetails: return detail.append(to: &output)
    case .responseFlags: return responseFlags.append(to: &output)
    case .responseFlagsLong: return responseFlags.append(long: true, to: &output)
    case .upstreamHost: return append(upstreamHost?.addressText, to: &output)
    case .upstreamRemoteAddress: return append(connectedHost?.addressText, to: &output)
    case .upstreamRemoteAddressWithoutPort: return append(connectedHost?.address.host, to: &output)
    case .upstreamHostName: return append(upstreamName, to: &output)
    case .upstreamHostNameWithoutPort:
      return append(upstreamHost.map { $0.hostname.isEmpty ? $0.address.host : $0.hostname }, to: &output)
    case .upstreamCluster, .upstreamClusterRaw: return append(upstreamCluster?.object.observabilityName, to: &output)
    case .upstreamLocalAddress: return append(upstreamLocalAddress?.description, to: &output)
    case .upstreamLocalAddressWithoutPort: return append(upstreamLocalAddress?.host, to: &output)
    case .downstreamRemoteAddress: return append(remote()?.description, to: &output)
    case .downstreamRemoteAddressWithoutPort: return append(remote()?.host, to: &output)
    case .downstreamDirectRemoteAddress: return append(direct?.description, to: &output)
    case .downstreamDirectRemoteAddressWithoutPort: return append(direct?.host, to: &output)
    case .downstreamLocalAddress, .downstreamDirectLocalAddress: return append(local()?.description, to: &output)
    case .downstreamLocalAddressWithoutPort, .downstreamDirectLocalAddressWithoutPort:
      return append(local()?.host, to: &output)
    case .upstreamTransportFailureReason: return upstreamTransportFailure.append(to: &output)
    case .routeName:
      guard let name = route?.object.name, name.count > 0 else { return false }
      output.append(name.view)
      return true
    case .uniqueID:
      RequestID.make(&random) { output.append($0) }
      return true
    default: return false
    }
  }

  /// As Envoy: only a connection that stood has a remote address.
  private var connectedHost: Host? { upstreamLocalAddress == nil ? nil : upstreamHost }

  private var upstreamName: String? {
    upstreamHost.map { $0.hostname.isEmpty ? $0.addressText : $0.hostname }
  }

  private func append(_ text: String?, to output: inout TextBuffer) -> Bool {
    guard let text, !text.isEmpty else { return false }
    output.append(text)
    return true
  }

  func number(_ number: SubstitutionNumber) -> UInt64? {
    switch number {
    case .responseCode: UInt64(responseCode)
    case .bytesReceived: UInt64(bytesReceived)
    case .bytesSent: UInt64(bytesSent)
    case .upstreamRequestAttemptCount: UInt64(attemptCount)
    case .upstreamRemotePort: connectedHost.map { UInt64($0.address.port) }
    case .upstreamLocalPort: upstreamLocalAddress.map { UInt64($0.port) }
    default: nil
    }
  }

  func timePoint(_ point: SubstitutionTimePoint) -> Int64? {
    let time: Int64 =
      switch point {
      case .downstreamReceiveBegin, .downstreamReceiveHeadersEnd: startTime
      case .downstreamReceiveEnd: lastDownstreamByteReceived
      case .downstreamSendBegin: firstDownstreamByteSent
      case .downstreamSendEnd: lastDownstreamByteSent
      case .upstreamSendBegin: firstUpstreamByteSent
      case .upstreamSendEnd: lastUpstreamByteSent
      case .upstreamReceiveBegin: firstUpstreamByteReceived
      case .upstreamReceiveEnd: lastUpstreamByteReceived
      case .streamEnd: endTime
      default: 0
      }
    return time == 0 ? nil : time
  }
}

extension ResponseCodeDetail {
  /// As Envoy writes it: "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_…}".
  func append(to output: inout TextBuffer) -> Bool {
    switch self {
    case .none: return false
    case .literal(let text): output.append(text)
    case .text(let text): output.append(text)
    case .resetBeforeResponse(let reset, let failure):
      output.append("upstream_reset_before_response_started{")
      output.append(reset.detail)
      if failure != .none {
        // Details have no blanks.
        output.append("|")
        let start = output.count
        _ = failure.append(to: &output)
        output.replace(0x20, with: 0x5f, from: start)
      }
      output.append("}")
    case .resetAfterResponse(let reset):
      output.append("upstream_reset_after_response_started{")
      output.append(reset.detail)
      output.append("}")
    }
    return true
  }
}
