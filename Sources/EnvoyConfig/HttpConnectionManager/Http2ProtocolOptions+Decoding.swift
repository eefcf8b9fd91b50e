extension Http2ProtocolOptions: ConfigMessage {
  static let typeName = "envoy.config.core.v3.Http2ProtocolOptions"

  init(from reader: inout MessageReader) {
    let windowSizes: ClosedRange<UInt32> = 65_535...2_147_483_647
    reader.integer("hpack_table_size", &hpackTableSize)
    reader.integer("max_concurrent_streams", &maxConcurrentStreams, in: 1...2_147_483_647)
    reader.integer("initial_stream_window_size", &initialStreamWindowSize, in: windowSizes)
    reader.integer("initial_connection_window_size", &initialConnectionWindowSize, in: windowSizes)
    reader.bool("allow_connect", &allowConnect)
    reader.unsupported("allow_metadata")
    readFloodLimits(&reader)
    // Deprecated; Envoy does not look at it any more.
    reader.withoutEffect(.bool, "stream_error_on_invalid_http_messaging")
    reader.bool("override_stream_error_on_invalid_http_message", &overrideStreamErrorOnInvalidHttpMessage)
    reader.message("connection_keepalive", &connectionKeepalive)
    // The limit that libnghttp2 has.
    reader.unsupported("max_header_field_size_kb") { $0 == "64" }
    // Of METADATA frames only, and of Envoy's choice of a library.
    reader.withoutEffect(.integer(0...UInt32.max), "max_metadata_size")
    reader.withoutEffect(.bool, "use_oghttp2_codec")
    reader.unsupported("custom_settings_parameters", "disallow_obs_text", "stream_reset_burst", "stream_reset_rate")
    // Strings are Huffman-coded where that is shorter, as Envoy does by default.
    reader.unsupported("enable_huffman_encoding") { $0 == "true" }
  }

  private mutating func readFloodLimits(_ reader: inout MessageReader) {
    reader.integer("max_outbound_frames", &maxOutboundFrames, in: 1...UInt32.max)
    reader.integer("max_outbound_control_frames", &maxOutboundControlFrames, in: 1...UInt32.max)
    reader.integer("max_consecutive_inbound_frames_with_empty_payload", &maxConsecutiveInboundFramesWithEmptyPayload)
    reader.integer("max_inbound_priority_frames_per_stream", &maxInboundPriorityFramesPerStream)
    reader.integer(
      "max_inbound_window_update_frames_per_data_frame_sent", &maxInboundWindowUpdateFramesPerDataFrameSent,
      in: 1...UInt32.max)
  }
}

extension KeepaliveSettings: ConfigMessage {
  static let typeName = "envoy.config.core.v3.KeepaliveSettings"

  init(from reader: inout MessageReader) {
    reader.duration("interval", &interval, .atLeastOneMillisecond)
    var timeout: Duration?
    reader.duration("timeout", &timeout, .atLeastOneMillisecond, isRequired: true)
    if let timeout { self.timeout = timeout }
    reader.percent("interval_jitter", &intervalJitter)
    reader.duration("connection_idle_interval", &connectionIdleInterval, .atLeastOneMillisecond)
  }
}
