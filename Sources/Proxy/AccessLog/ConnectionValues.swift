import HTTP
import Reactor
import Telemetry

/// What a connection, whatever runs on it, tells to a substitution format.
protocol ConnectionValues: SubstitutionValues {
  var info: StreamInfo { get }
  var id: UInt64 { get }
  var remoteAddress: SocketAddress? { get }
  var localAddress: SocketAddress? { get }
  var worker: Worker { get }
}

extension ConnectionValues {
  func header(_ header: SubstitutionHeader, in source: SubstitutionHeaderSource) -> ByteView? { nil }

  func append(_ text: SubstitutionText, to output: inout TextBuffer) -> Bool {
    switch text {
    case .accessLogType:
      output.append("TcpConnectionEnd")
      return true
    case .protocol, .upstreamProtocol, .streamID, .virtualClusterName, .filterChainName, .requestedServerName,
      .responseCodeDetails:
      return false
    case .localReplyBody: return true
    default:
      return info.append(
        text, remote: { remoteAddress }, direct: remoteAddress, local: { localAddress },
        random: &worker.loop.random, to: &output)
    }
  }

  func number(_ number: SubstitutionNumber) -> UInt64? {
    switch number {
    case .connectionID: id
    case .downstreamRemotePort, .downstreamDirectRemotePort: remoteAddress.map { UInt64($0.port) }
    case .downstreamLocalPort, .downstreamDirectLocalPort: localAddress.map { UInt64($0.port) }
    default: info.number(number)
    }
  }

  func timePoint(_ point: SubstitutionTimePoint) -> Int64? { info.timePoint(point) }

  func wallTime(_ time: SubstitutionTime) -> Int64 {
    time == .start ? info.startWallTime : worker.loop.wallNow
  }
}

/// What a TCP connection tells to a substitution format.
struct SessionValues: ConnectionValues {
  let session: TcpProxySession

  var info: StreamInfo { session.info }
  var id: UInt64 { session.id }
  var remoteAddress: SocketAddress? { session.remoteAddress }
  var localAddress: SocketAddress? { session.localAddress }
  var worker: Worker { session.worker }
}

/// What an HTTP connection, as such, tells to a listener's log.
struct DownstreamConnectionValues: ConnectionValues {
  let connection: ConnectionManager
  let info: StreamInfo

  var id: UInt64 { connection.id }
  var remoteAddress: SocketAddress? { connection.remoteAddress }
  var localAddress: SocketAddress? { connection.localAddress }
  var worker: Worker { connection.worker }
}
