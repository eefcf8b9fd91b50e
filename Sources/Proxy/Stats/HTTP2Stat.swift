import HTTP
import Telemetry

/// What HTTP/2 codecs count: `http2.` for those of all downstream connections, `cluster.NAME.http2.` for a cluster's.
/// Those of what Pillion does not do stay 0.
enum HTTP2Stat: UInt32, StatSet {
  case cookiesTotalBytesTooLarge, deferredStreamClose, droppedHeadersWithUnderscores, goawaySent
  case headerListSizeTooLarge, headerOverflow, headersCbNoStream, inboundEmptyFramesFlood, inboundPriorityFramesFlood
  case inboundWindowUpdateFramesFlood, keepaliveTimeout, metadataEmptyFrames, nghttp2DownstreamConnections
  case nghttp2UpstreamConnections, oghttp2DownstreamConnections, oghttp2UpstreamConnections, outboundControlFlood
  case outboundControlFramesActive, outboundFlood, outboundFramesActive, pendingSendBytes
  case requestsRejectedWithUnderscoresInHeaders, rxMessagingError, rxReset, streamRefusedErrors, streamsActive, trailers
  case txFlushTimeout, txReset

  static let definitions: [StatDefinition<HTTP2Stat>] = [
    .counter(.cookiesTotalBytesTooLarge, "cookies_total_bytes_too_large"),
    .gauge(.deferredStreamClose, "deferred_stream_close"),
    .counter(.droppedHeadersWithUnderscores, "dropped_headers_with_underscores"),
    .counter(.goawaySent, "goaway_sent"),
    .counter(.headerListSizeTooLarge, "header_list_size_too_large"),
    .counter(.headerOverflow, "header_overflow"),
    .counter(.headersCbNoStream, "headers_cb_no_stream"),
    .counter(.inboundEmptyFramesFlood, "inbound_empty_frames_flood"),
    .counter(.inboundPriorityFramesFlood, "inbound_priority_frames_flood"),
    .counter(.inboundWindowUpdateFramesFlood, "inbound_window_update_frames_flood"),
    .counter(.keepaliveTimeout, "keepalive_timeout"),
    .counter(.metadataEmptyFrames, "metadata_empty_frames"),
    .counter(.nghttp2DownstreamConnections, "nghttp2_downstream_connections"),
    .counter(.nghttp2UpstreamConnections, "nghttp2_upstream_connections"),
    .counter(.oghttp2DownstreamConnections, "oghttp2_downstream_connections"),
    .counter(.oghttp2UpstreamConnections, "oghttp2_upstream_connections"),
    .counter(.outboundControlFlood, "outbound_control_flood"),
    .gauge(.outboundControlFramesActive, "outbound_control_frames_active"),
    .counter(.outboundFlood, "outbound_flood"),
    .gauge(.outboundFramesActive, "outbound_frames_active"),
    .gauge(.pendingSendBytes, "pending_send_bytes"),
    .counter(.requestsRejectedWithUnderscoresInHeaders, "requests_rejected_with_underscores_in_headers"),
    .counter(.rxMessagingError, "rx_messaging_error"),
    .counter(.rxReset, "rx_reset"),
    .counter(.streamRefusedErrors, "stream_refused_errors"),
    .gauge(.streamsActive, "streams_active"),
    .counter(.trailers, "trailers"),
    .counter(.txFlushTimeout, "tx_flush_timeout"),
    .counter(.txReset, "tx_reset"),
  ]

  /// The counter of what a codec tells.
  init(_ stat: CodecStat) {
    self =
      switch stat {
      case .droppedHeadersWithUnderscores: .droppedHeadersWithUnderscores
      case .requestsRejectedWithUnderscoresInHeaders: .requestsRejectedWithUnderscoresInHeaders
      case .rxReset: .rxReset
      case .txReset: .txReset
      case .rxMessagingError: .rxMessagingError
      case .headerOverflow: .headerOverflow
      case .headerListSizeTooLarge: .headerListSizeTooLarge
      case .trailers: .trailers
      case .headersCbNoStream: .headersCbNoStream
      case .inboundEmptyFramesFlood: .inboundEmptyFramesFlood
      case .inboundPriorityFramesFlood: .inboundPriorityFramesFlood
      case .inboundWindowUpdateFramesFlood: .inboundWindowUpdateFramesFlood
      case .outboundFlood: .outboundFlood
      case .outboundControlFlood: .outboundControlFlood
      case .keepaliveTimeout: .keepaliveTimeout
      case .streamRefusedErrors: .streamRefusedErrors
      case .txFlushTimeout: .txFlushTimeout
      case .goawaySent: .goawaySent
      case .streamsActive: .streamsActive
      }
  }
}

extension StatsShard {
  /// Counts what a codec told; a gauge moves by the amount.
  func count(_ stat: CodecStat, _ amount: Int, in block: StatBlock<HTTP2Stat>) {
    let id = block[HTTP2Stat(stat)]
    if stat == .streamsActive { adjust(id, by: amount) } else { add(id, UInt64(clamping: amount)) }
  }
}
