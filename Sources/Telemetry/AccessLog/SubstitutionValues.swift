import Reactor

/// What a stream tells of itself to a substitution format. The proxy's stream information implements it; nothing in it
/// makes a String.
package protocol SubstitutionValues {
  /// Appends the text, or nothing and returns false when it is absent. `responseFlags` without any flag is absent.
  func append(_ text: SubstitutionText, to output: inout TextBuffer) -> Bool
  /// nil when absent.
  func number(_ number: SubstitutionNumber) -> UInt64?
  /// The first value of a header; nil when it is absent. Names are lower-case; ":path" and the like are asked for too.
  func header(_ header: SubstitutionHeader, in source: SubstitutionHeaderSource) -> ByteView?
  /// When it happened, in nanoseconds of the loop's clock; nil if it has not.
  func timePoint(_ point: SubstitutionTimePoint) -> Int64?
  /// Wall-clock time in nanoseconds since 1970.
  func wallTime(_ time: SubstitutionTime) -> Int64
  /// Appends a value of the dynamic metadata as JSON; a string without quotes where it `isText`. Returns false, and appends
  /// nothing, when it is absent.
  func appendDynamicMetadata(_ path: MetadataPath, isText: Bool, to output: inout TextBuffer) -> Bool
  /// Appends a text about a connection's TLS, or nothing and returns false when there is none.
  func append(_ tls: SubstitutionTLS, of side: SubstitutionSide, to output: inout TextBuffer) -> Bool
  /// What `grpc_stats` has counted for the filter state; nil where it has seen no message.
  var grpcMessageCounts: GrpcMessageCounts? { get }
  /// A time of the peer's certificate in nanoseconds since 1970; nil without one.
  func certificateTime(_ time: SubstitutionCertificateTime, of side: SubstitutionSide) -> Int64?
}

/// Operators that give text, by Envoy's names.
package enum SubstitutionText: UInt8, Sendable {
  case `protocol`, responseCodeDetails, connectionTerminationDetails, responseFlags, responseFlagsLong
  case upstreamHost, upstreamHostName, upstreamHostNameWithoutPort, upstreamHostsAttempted, upstreamCluster
  case upstreamClusterRaw, upstreamProtocol
  case upstreamLocalAddress, upstreamLocalAddressWithoutPort, upstreamRemoteAddress, upstreamRemoteAddressWithoutPort
  case downstreamRemoteAddress, downstreamRemoteAddressWithoutPort
  case downstreamDirectRemoteAddress, downstreamDirectRemoteAddressWithoutPort
  case downstreamLocalAddress, downstreamLocalAddressWithoutPort
  case downstreamDirectLocalAddress, downstreamDirectLocalAddressWithoutPort
  /// The formatter makes its spaces underscores.
  case upstreamTransportFailureReason
  case downstreamTransportFailureReason
  case routeName, virtualClusterName, filterChainName, requestedServerName
  /// The request's x-request-id.
  case streamID
  /// A UUID of the log line's own.
  case uniqueID
  /// The body of a local reply; empty, and present, when there is none.
  case localReplyBody
  /// "DownstreamEnd", "TcpConnectionEnd", "NotSet".
  case accessLogType
}

/// Operators that give a number.
package enum SubstitutionNumber: UInt8, Sendable {
  case responseCode, bytesReceived, bytesSent, upstreamRequestAttemptCount, connectionID, upstreamConnectionID
  case upstreamWireBytesSent, upstreamWireBytesReceived, upstreamHeaderBytesSent, upstreamHeaderBytesReceived
  case downstreamWireBytesSent, downstreamWireBytesReceived, downstreamHeaderBytesSent, downstreamHeaderBytesReceived
  case requestHeadersBytes, responseHeadersBytes, responseTrailersBytes
  case upstreamLocalPort, upstreamRemotePort, downstreamRemotePort, downstreamDirectRemotePort, downstreamLocalPort
  case downstreamDirectLocalPort
  /// Milliseconds the request waited for a connection.
  case upstreamConnectionPoolReadyDuration
}

/// The moments between which durations are taken: downstream (DS) and upstream (US) receiving (RX), sending (TX),
/// connecting (CX) and handshaking (HS), first and last byte.
package enum SubstitutionTimePoint: UInt8, Sendable {
  case downstreamReceiveBegin, downstreamReceiveHeadersEnd, downstreamReceiveEnd, downstreamSendBegin, downstreamSendEnd
  case downstreamConnectBegin, downstreamConnectEnd, downstreamHandshakeBegin, downstreamHandshakeEnd
  case upstreamConnectBegin, upstreamConnectEnd, upstreamHandshakeEnd
  case upstreamSendBegin, upstreamSendEnd, upstreamReceiveBegin, upstreamReceiveBodyBegin, upstreamReceiveEnd
  /// The end of the stream, or now.
  case streamEnd
}

package enum SubstitutionTime: UInt8, Sendable {
  case start, emit
}

package enum SubstitutionHeaderSource: UInt8, Sendable {
  case request, response, responseTrailer
}

/// A header name in a format.
package struct SubstitutionHeader: Sendable {
  /// Lower-case.
  package let name: SubstitutionBytes
  /// What the `identify` given to the parser said of the name: for the header map's own quick way to find it.
  package let identifier: UInt8
}

/// For what has no connection of its own.
extension SubstitutionValues {
  package var grpcMessageCounts: GrpcMessageCounts? { nil }

  package func appendDynamicMetadata(_ path: MetadataPath, isText: Bool, to output: inout TextBuffer) -> Bool { false }

  package func append(_ tls: SubstitutionTLS, of side: SubstitutionSide, to output: inout TextBuffer) -> Bool { false }

  package func certificateTime(_ time: SubstitutionCertificateTime, of side: SubstitutionSide) -> Int64? { nil }
}

/// A value of the dynamic metadata: the namespace, and the keys from the outside in.
package struct MetadataPath: Sendable {
  package let namespace: String
  package let keys: [String]
}
