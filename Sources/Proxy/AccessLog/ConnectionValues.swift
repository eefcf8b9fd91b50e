import HTTP
import Reactor
import Security
import Telemetry

/// What a connection, whatever runs on it, tells to a substitution format.
protocol ConnectionValues: SubstitutionValues {
  var info: StreamInfo { get }
  var id: UInt64 { get }
  var remoteAddress: SocketAddress? { get }
  var localAddress: SocketAddress? { get }
  var worker: Worker { get }
  var socket: DownstreamSocket? { get }
  /// Empty for none.
  var chainName: String { get }
  /// Whether it is the listener's own log that asks.
  var isOfListener: Bool { get }
}

extension ConnectionValues {
  func header(_ header: SubstitutionHeader, in source: SubstitutionHeaderSource) -> ByteView? { nil }

  func append(_ text: SubstitutionText, to output: inout TextBuffer) -> Bool {
    switch text {
    case .accessLogType:
      // As Envoy: a listener's own log does not say.
      output.append(isOfListener ? "NotSet" : "TcpConnectionEnd")
      return true
    case .protocol, .upstreamProtocol, .streamID, .virtualClusterName: return false
    case .filterChainName: return output.append(ifAny: chainName)
    case .requestedServerName, .downstreamTransportFailureReason, .connectionTerminationDetails:
      return socket?.append(text, to: &output) ?? false
    case .localReplyBody: return true
    default:
      return info.append(
        text, remote: { remoteAddress }, direct: remoteAddress, local: { localAddress },
        random: &worker.loop.random, to: &output)
    }
  }

  func appendDynamicMetadata(_ path: MetadataPath, isText: Bool, to output: inout TextBuffer) -> Bool {
    socket?.dynamicMetadata?.append(path, isText: isText, to: &output) ?? false
  }

  func append(_ tls: SubstitutionTLS, of side: SubstitutionSide, to output: inout TextBuffer) -> Bool {
    session(side)?.append(tls, to: &output) ?? false
  }

  func certificateTime(_ time: SubstitutionCertificateTime, of side: SubstitutionSide) -> Int64? {
    session(side)?.time(time)
  }

  private func session(_ side: SubstitutionSide) -> TLSSession? {
    side == .downstream ? socket?.tls : info.upstreamTLS
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
  let isOfListener: Bool

  var info: StreamInfo { session.info }
  var id: UInt64 { session.id }
  var remoteAddress: SocketAddress? { session.remoteAddress }
  var localAddress: SocketAddress? { session.localAddress }
  var worker: Worker { session.worker }
  var socket: DownstreamSocket? { session.socket }
  var chainName: String { session.chain.name }
}

/// What an HTTP connection, as such, tells to a listener's log.
struct DownstreamConnectionValues: ConnectionValues {
  let connection: ConnectionManager
  let info: StreamInfo

  var id: UInt64 { connection.id }
  var remoteAddress: SocketAddress? { connection.remoteAddress }
  var localAddress: SocketAddress? { connection.localAddress }
  var worker: Worker { connection.worker }
  var socket: DownstreamSocket? { connection.socket }
  var chainName: String { connection.manager.chain.name }
  var isOfListener: Bool { true }
}

/// What a connection that never had a filter chain tells to a listener's log.
struct RefusedConnectionValues: ConnectionValues {
  let socket: DownstreamSocket?
  var info = StreamInfo()
  let id: UInt64
  let remoteAddress: SocketAddress?
  let localAddress: SocketAddress?
  let worker: Worker
  var chainName: String { "" }
  var isOfListener: Bool { true }

  init(
    socket: DownstreamSocket, id: UInt64, remoteAddress: SocketAddress?, localAddress: SocketAddress?, worker: Worker
  ) {
    self.socket = socket
    self.id = id
    self.remoteAddress = remoteAddress
    self.localAddress = localAddress
    self.worker = worker
  }
}

extension DownstreamSocket {
  /// What TLS and the listener filters know.
  func append(_ text: SubstitutionText, to output: inout TextBuffer) -> Bool {
    switch text {
    case .requestedServerName:
      if serverName.isEmpty { return false }
      serverName.withUnsafeBytes { output.append(ByteView($0)) }
    case .downstreamTransportFailureReason:
      return output.append(ifAny: failureReason)
    case .connectionTerminationDetails:
      return output.append(ifAny: terminationDetails)
    default: return false
    }
    return true
  }
}
