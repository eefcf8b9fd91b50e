/// What each operator's name stands for, and which parameters and length it takes.
enum OperatorNames {
  static let texts: [String: SubstitutionText] = [
    "PROTOCOL": .protocol, "CONNECTION_TERMINATION_DETAILS": .connectionTerminationDetails,
    "RESPONSE_FLAGS": .responseFlags, "RESPONSE_FLAGS_LONG": .responseFlagsLong, "UPSTREAM_HOST": .upstreamHost,
    "UPSTREAM_HOST_NAME": .upstreamHostName, "UPSTREAM_HOST_NAME_WITHOUT_PORT": .upstreamHostNameWithoutPort,
    "UPSTREAM_HOSTS_ATTEMPTED": .upstreamHostsAttempted, "UPSTREAM_CLUSTER": .upstreamCluster,
    "UPSTREAM_CLUSTER_RAW": .upstreamClusterRaw, "UPSTREAM_PROTOCOL": .upstreamProtocol,
    "UPSTREAM_LOCAL_ADDRESS": .upstreamLocalAddress,
    "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT": .upstreamLocalAddressWithoutPort,
    "UPSTREAM_REMOTE_ADDRESS": .upstreamRemoteAddress,
    "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": .upstreamRemoteAddressWithoutPort,
    "DOWNSTREAM_REMOTE_ADDRESS": .downstreamRemoteAddress,
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": .downstreamRemoteAddressWithoutPort,
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS": .downstreamDirectRemoteAddress,
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": .downstreamDirectRemoteAddressWithoutPort,
    "DOWNSTREAM_LOCAL_ADDRESS": .downstreamLocalAddress,
    "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT": .downstreamLocalAddressWithoutPort,
    "DOWNSTREAM_DIRECT_LOCAL_ADDRESS": .downstreamDirectLocalAddress,
    "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT": .downstreamDirectLocalAddressWithoutPort,
    "UPSTREAM_TRANSPORT_FAILURE_REASON": .upstreamTransportFailureReason,
    "DOWNSTREAM_TRANSPORT_FAILURE_REASON": .downstreamTransportFailureReason, "ROUTE_NAME": .routeName,
    "VIRTUAL_CLUSTER_NAME": .virtualClusterName, "FILTER_CHAIN_NAME": .filterChainName, "STREAM_ID": .streamID,
    "UNIQUE_ID": .uniqueID, "LOCAL_REPLY_BODY": .localReplyBody, "ACCESS_LOG_TYPE": .accessLogType,
  ]

  static let numbers: [String: SubstitutionNumber] = [
    "RESPONSE_CODE": .responseCode, "BYTES_RECEIVED": .bytesReceived, "BYTES_SENT": .bytesSent,
    "UPSTREAM_REQUEST_ATTEMPT_COUNT": .upstreamRequestAttemptCount, "CONNECTION_ID": .connectionID,
    "UPSTREAM_CONNECTION_ID": .upstreamConnectionID, "UPSTREAM_WIRE_BYTES_SENT": .upstreamWireBytesSent,
    "UPSTREAM_WIRE_BYTES_RECEIVED": .upstreamWireBytesReceived, "UPSTREAM_HEADER_BYTES_SENT": .upstreamHeaderBytesSent,
    "UPSTREAM_HEADER_BYTES_RECEIVED": .upstreamHeaderBytesReceived,
    "DOWNSTREAM_WIRE_BYTES_SENT": .downstreamWireBytesSent,
    "DOWNSTREAM_WIRE_BYTES_RECEIVED": .downstreamWireBytesReceived,
    "DOWNSTREAM_HEADER_BYTES_SENT": .downstreamHeaderBytesSent,
    "DOWNSTREAM_HEADER_BYTES_RECEIVED": .downstreamHeaderBytesReceived,
    "REQUEST_HEADERS_BYTES": .requestHeadersBytes, "RESPONSE_HEADERS_BYTES": .responseHeadersBytes,
    "RESPONSE_TRAILERS_BYTES": .responseTrailersBytes, "UPSTREAM_LOCAL_PORT": .upstreamLocalPort,
    "UPSTREAM_REMOTE_PORT": .upstreamRemotePort, "DOWNSTREAM_REMOTE_PORT": .downstreamRemotePort,
    "DOWNSTREAM_DIRECT_REMOTE_PORT": .downstreamDirectRemotePort, "DOWNSTREAM_LOCAL_PORT": .downstreamLocalPort,
    "DOWNSTREAM_DIRECT_LOCAL_PORT": .downstreamDirectLocalPort,
    "UPSTREAM_CONNECTION_POOL_READY_DURATION": .upstreamConnectionPoolReadyDuration,
  ]

  /// Milliseconds between two moments.
  static let durations: [String: (SubstitutionTimePoint, SubstitutionTimePoint)] = [
    "DURATION": (.downstreamReceiveBegin, .streamEnd),
    "REQUEST_DURATION": (.downstreamReceiveBegin, .downstreamReceiveEnd),
    "REQUEST_TX_DURATION": (.downstreamReceiveBegin, .upstreamSendEnd),
    "RESPONSE_DURATION": (.downstreamReceiveBegin, .upstreamReceiveBegin),
    "RESPONSE_TX_DURATION": (.upstreamReceiveBegin, .downstreamSendEnd),
  ]

  static let timePoints: [String: SubstitutionTimePoint] = [
    "DS_RX_BEG": .downstreamReceiveBegin, "DS_RX_HDR_END": .downstreamReceiveHeadersEnd,
    "DS_RX_END": .downstreamReceiveEnd, "DS_TX_BEG": .downstreamSendBegin, "DS_TX_END": .downstreamSendEnd,
    "DS_CX_BEG": .downstreamConnectBegin, "DS_CX_END": .downstreamConnectEnd, "DS_HS_BEG": .downstreamHandshakeBegin,
    "DS_HS_END": .downstreamHandshakeEnd, "US_CX_BEG": .upstreamConnectBegin, "US_CX_END": .upstreamConnectEnd,
    "US_HS_END": .upstreamHandshakeEnd, "US_TX_BEG": .upstreamSendBegin, "US_TX_END": .upstreamSendEnd,
    "US_RX_BEG": .upstreamReceiveBegin, "US_RX_BODY_BEG": .upstreamReceiveBodyBegin, "US_RX_END": .upstreamReceiveEnd,
  ]

  /// Without parameters, and never there: tracing comes later, and nothing sets what is asked for.
  static let absent: Set<String> = [
    "TRACE_ID", "SPAN_ID", "TLS_JA3_FINGERPRINT", "TLS_JA4_FINGERPRINT", "DOWNSTREAM_PEER_OTHERNAME_SAN",
    "DOWNSTREAM_LOCAL_OTHERNAME_SAN", "DOWNSTREAM_HANDSHAKE_DURATION",
  ]

  /// With parameters, and never there: no filter of Pillion's sets the upstream's filter state.
  static let absentWithParameters: Set<String> = ["UPSTREAM_FILTER_STATE"]

  /// Envoy has them and Pillion has not yet.
  static let unsupported: Set<String> = [
    "START_TIME_LOCAL", "EMIT_TIME_LOCAL", "CLUSTER_METADATA", "UPSTREAM_METADATA", "METADATA", "CEL", "COALESCE",
    "ROUNDTRIP_DURATION", "BYTES_RETRANSMITTED", "PACKETS_RETRANSMITTED", "UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT",
    "UPSTREAM_HOST_NAMES_ATTEMPTED", "UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT", "UPSTREAM_CONNECTION_IDS_ATTEMPTED",
    "DOWNSTREAM_LOCAL_CLOSE_REASON", "DOWNSTREAM_DETECTED_CLOSE_TYPE", "UPSTREAM_LOCAL_CLOSE_REASON",
    "UPSTREAM_DETECTED_CLOSE_TYPE", "DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID",
    "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID", "UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID",
    "UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT", "UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
    "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT", "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
    "DOWNSTREAM_CX_RTT",
  ]
}
