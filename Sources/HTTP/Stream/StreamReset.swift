/// Why a stream ended before its time (Envoy's StreamResetReason).
public enum StreamReset: Equatable, Sendable {
  /// We gave it up: a timeout, a shutdown, or the other side went away.
  case localReset
  /// The connect failed or was refused.
  case remoteConnectionFailure
  /// No connection within connect_timeout.
  case connectionTimeout
  /// We could not even begin to connect.
  case localConnectionFailure
  /// The connection ended while the stream was open.
  case connectionTermination
  /// A circuit breaker had no room.
  case overflow
  /// The peer broke the protocol.
  case protocolError
  /// The peer reset the stream (HTTP/2).
  case remoteReset
  /// The tunnel's other end is gone (HTTP/2 CONNECT_ERROR).
  case connectError
  /// The peer refused the stream before it did anything (HTTP/2 REFUSED_STREAM): always safe to retry.
  case remoteRefusedStreamReset

  /// As Envoy writes it into bodies: "remote connection failure".
  package var text: StaticString {
    switch self {
    case .localReset: "local reset"
    case .remoteConnectionFailure: "remote connection failure"
    case .connectionTimeout: "connection timeout"
    case .localConnectionFailure: "local connection failure"
    case .connectionTermination: "connection termination"
    case .overflow: "overflow"
    case .protocolError: "protocol error"
    case .remoteReset: "remote reset"
    case .remoteRefusedStreamReset: "remote refused stream reset"
    case .connectError: "remote error with CONNECT request"
    }
  }

  /// As Envoy writes it into response code details: "remote_connection_failure".
  package var detail: StaticString {
    switch self {
    case .localReset: "local_reset"
    case .remoteConnectionFailure: "remote_connection_failure"
    case .connectionTimeout: "connection_timeout"
    case .localConnectionFailure: "local_connection_failure"
    case .connectionTermination: "connection_termination"
    case .overflow: "overflow"
    case .protocolError: "protocol_error"
    case .remoteReset: "remote_reset"
    case .remoteRefusedStreamReset: "remote_refused_stream_reset"
    case .connectError: "remote_error_with_CONNECT_request"
    }
  }
}
