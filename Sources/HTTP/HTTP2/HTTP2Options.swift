/// What an HTTP/2 connection allows its peer (Envoy's Http2ProtocolOptions, and what beside them bounds a head), under
/// Envoy's names; the defaults are those of Envoy where nothing else is said.
package struct HTTP2Options: Sendable {
  /// hpack_table_size: bytes of the table that heads are compressed with, in both directions.
  package var hpackTableSize = 4096
  /// max_concurrent_streams: what the peer may have open at a time.
  package var maxConcurrentStreams = 1024
  /// initial_stream_window_size: bytes that may come on a stream before its reader has taken any, and as many as wait on
  /// one to be sent before its source is told to stop. 65,535 to 2^31 - 1.
  package var initialStreamWindowSize = 1024 * 1024
  /// initial_connection_window_size: the same for all streams together, as bytes arrive. 65,535 to 2^31 - 1.
  package var initialConnectionWindowSize = 24 * 1024 * 1024
  /// allow_connect: extended CONNECT (RFC 8441). Downstream side only.
  package var allowConnect = false
  /// max_outbound_frames: frames that wait to be sent.
  package var maxOutboundFrames = 10_000
  /// max_outbound_control_frames: PING, SETTINGS and RST_STREAM frames among them.
  package var maxOutboundControlFrames = 1000
  /// max_consecutive_inbound_frames_with_empty_payload: HEADERS, CONTINUATION and DATA frames with nothing in them.
  package var maxConsecutiveInboundFramesWithEmptyPayload = 1
  /// max_inbound_priority_frames_per_stream.
  package var maxInboundPriorityFramesPerStream = 100
  /// max_inbound_window_update_frames_per_data_frame_sent.
  package var maxInboundWindowUpdateFramesPerDataFrameSent = 10
  /// override_stream_error_on_invalid_http_message: a broken message resets its stream, not the connection.
  package var overrideStreamErrorOnInvalidMessage = false
  /// connection_keepalive; nil without.
  package var keepalive: HTTP2Keepalive?
  /// max_request_headers_kb, max_response_headers_kb: names and values of a head, and of trailers, in KiB.
  package var maxHeadersKiB = 60
  /// common_http_protocol_options.max_headers_count: fields of a head, and of trailers.
  package var maxHeadersCount = 100
  /// common_http_protocol_options.headers_with_underscores_action. Downstream side only.
  package var underscores = HTTP1ServerOptions.UnderscoresAction.allow
  /// stream_idle_timeout in nanoseconds, 0 for none: how long a message of which all is said may wait for room in the
  /// peer's window without progress.
  package var streamFlushTimeout: Int64 = 0

  package init() {}
}

/// Envoy's KeepaliveSettings. Nanoseconds.
package struct HTTP2Keepalive: Sendable {
  /// interval: between an answer and the next PING; 0 for none.
  package var interval: Int64
  /// timeout: how long the peer may take to answer.
  package var timeout: Int64
  /// interval_jitter: up to so many percent are added to the interval.
  package var intervalJitter = 15.0
  /// connection_idle_interval: a stream that begins after so long a silence has a PING sent before it; 0 for none.
  package var connectionIdleInterval: Int64 = 0

  package init(interval: Int64, timeout: Int64) {
    self.interval = interval
    self.timeout = timeout
  }
}
