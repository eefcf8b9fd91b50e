import HTTP
import Reactor
import Security
import Telemetry

/// What became of a request: gathered on its way, read by access logs and header values (Envoy's StreamInfo).
/// Times are the loop's, in nanoseconds; 0 where a thing did not happen.
struct StreamInfo {
  var startTime: Int64 = 0
  var startWallTime: Int64 = 0
  var lastDownstreamByteReceived: Int64 = 0
  var firstUpstreamByteSent: Int64 = 0
  var lastUpstreamByteSent: Int64 = 0
  var firstUpstreamByteReceived: Int64 = 0
  var lastUpstreamByteReceived: Int64 = 0
  var firstDownstreamByteSent: Int64 = 0
  var lastDownstreamByteSent: Int64 = 0
  var endTime: Int64 = 0

  /// Of bodies.
  var bytesReceived = 0
  var bytesSent = 0

  /// 0 until there is one.
  var responseCode: UInt16 = 0
  var responseFlags = ResponseFlags()
  var detail = ResponseCodeDetail.none
  /// Requests sent, or meant to be sent, upstream.
  var attemptCount = 0
  /// Not retained, since the worker's snapshot has it for longer than any stream lives; so with the route.
  var upstreamCluster: Unretained<ClusterInfo>?
  var upstreamHost: Host?
  var upstreamLocalAddress: SocketAddress?
  var upstreamTransportFailure = TransportFailure.none
  /// What the upstream connection spoke; nil where there was none.
  var upstreamProtocol: HTTPProtocol?
  /// The TLS of the upstream connection; nil for plain text.
  var upstreamTLS: TLSSession?
  var route: Unretained<RouteEntry>?
  /// What the route says to the filters; nil where it says nothing.
  var filterConfigs: Unretained<RouteFilterConfigs>?
  /// What filters say to those behind them; nil until one does.
  var dynamicMetadata: DynamicMetadata?
  /// The request's own draw: for weights and percentages.
  var randomValue: UInt64 = 0
  /// The request comes from an internal address (x-envoy-internal).
  var isInternal = false
  /// From `grpc_stats`, where it is asked to keep them; nil until a message begins.
  var grpcMessageCounts: GrpcMessageCounts?
  /// By its head as it came, before any filter.
  var isGrpc = false

  /// Of a connection that began then and is over now.
  mutating func begin(at start: Int64, _ loop: EventLoop) {
    startTime = start
    startWallTime = loop.wallNow - (loop.now - start)
    endTime = loop.now
  }
}

/// Why a response is what it is (Envoy's response_code_details).
enum ResponseCodeDetail {
  case none
  case literal(StaticString)
  /// What a filter has to say, without blanks.
  case text(String)
  /// upstream_reset_before_response_started{…}, with why a connect failed.
  case resetBeforeResponse(StreamReset, transportFailure: TransportFailure)
  case resetAfterResponse(StreamReset)
}

extension ResponseFlag {
  /// The flag for an upstream's reset.
  init(_ reset: StreamReset) {
    switch reset {
    case .localReset: self = .localReset
    case .remoteConnectionFailure, .connectionTimeout, .localConnectionFailure: self = .upstreamConnectionFailure
    case .connectionTermination: self = .upstreamConnectionTermination
    case .overflow: self = .upstreamOverflow
    case .protocolError: self = .upstreamProtocolError
    case .remoteReset, .remoteRefusedStreamReset, .connectError: self = .upstreamRemoteReset
    }
  }
}
