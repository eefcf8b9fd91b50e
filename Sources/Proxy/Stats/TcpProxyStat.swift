import Telemetry

/// A tcp_proxy's counters and gauges, `tcp.PREFIX.`.
enum TcpProxyStat: UInt32, StatSet {
  case downstreamCxDrainClose, downstreamCxNoRoute, downstreamCxOverloadClose, downstreamCxRxBytesBuffered
  case downstreamCxRxBytesTotal, downstreamCxTotal, downstreamCxTxBytesBuffered, downstreamCxTxBytesTotal
  case downstreamFlowControlPausedReadingTotal, downstreamFlowControlResumedReadingTotal, idleTimeout
  case maxDownstreamConnectionDuration, upstreamFlushActive, upstreamFlushTotal

  static let definitions: [StatDefinition<TcpProxyStat>] = [
    .counter(.downstreamCxDrainClose, "downstream_cx_drain_close"),
    .counter(.downstreamCxNoRoute, "downstream_cx_no_route"),
    .counter(.downstreamCxOverloadClose, "downstream_cx_overload_close"),
    .gauge(.downstreamCxRxBytesBuffered, "downstream_cx_rx_bytes_buffered"),
    .counter(.downstreamCxRxBytesTotal, "downstream_cx_rx_bytes_total"),
    .counter(.downstreamCxTotal, "downstream_cx_total"),
    .gauge(.downstreamCxTxBytesBuffered, "downstream_cx_tx_bytes_buffered"),
    .counter(.downstreamCxTxBytesTotal, "downstream_cx_tx_bytes_total"),
    .counter(.downstreamFlowControlPausedReadingTotal, "downstream_flow_control_paused_reading_total"),
    .counter(.downstreamFlowControlResumedReadingTotal, "downstream_flow_control_resumed_reading_total"),
    .counter(.idleTimeout, "idle_timeout"),
    .counter(.maxDownstreamConnectionDuration, "max_downstream_connection_duration"),
    .gauge(.upstreamFlushActive, "upstream_flush_active"),
    .counter(.upstreamFlushTotal, "upstream_flush_total"),
  ]
}
