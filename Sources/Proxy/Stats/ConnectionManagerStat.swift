import Telemetry

/// A connection manager's counters and gauges, `http.PREFIX.`, its router's included.
enum ConnectionManagerStat: UInt32, StatSet {
  case downstreamCxActive, downstreamCxDelayedCloseTimeout, downstreamCxDestroy, downstreamCxDestroyActiveRq
  case downstreamCxDestroyLocal, downstreamCxDestroyLocalActiveRq, downstreamCxDestroyRemote
  case downstreamCxDestroyRemoteActiveRq, downstreamCxDrainClose, downstreamCxHttp1Active
  case downstreamCxHttp1SoftDrain, downstreamCxHttp1Total, downstreamCxHttp2Active, downstreamCxHttp2Total
  case downstreamCxIdleTimeout, downstreamCxMaxDurationReached, downstreamCxMaxRequestsReached
  case downstreamCxOverloadDisableKeepalive, downstreamCxProtocolError, downstreamCxRxBytesBuffered
  case downstreamCxRxBytesTotal, downstreamCxSslActive, downstreamCxSslTotal, downstreamCxTotal
  case downstreamCxTxBytesBuffered, downstreamCxTxBytesTotal, downstreamCxUpgradesActive, downstreamCxUpgradesTotal
  case downstreamFlowControlPausedReadingTotal, downstreamFlowControlResumedReadingTotal, downstreamRq1xx
  case downstreamRq2xx, downstreamRq3xx, downstreamRq4xx, downstreamRq5xx, downstreamRqActive, downstreamRqCompleted
  case downstreamRqFailedPathNormalization, downstreamRqHeaderTimeout, downstreamRqHttp1Total
  case downstreamRqHttp2Total, downstreamRqIdleTimeout, downstreamRqMaxDurationReached, downstreamRqNonRelativePath
  case downstreamRqOverloadClose, downstreamRqRedirectedWithNormalizedPath, downstreamRqRejectedViaIpDetection
  case downstreamRqResponseBeforeRqComplete, downstreamRqRxReset, downstreamRqTimeout, downstreamRqTooLarge
  case downstreamRqTooManyPrematureResets, downstreamRqTotal, downstreamRqTxReset, downstreamRqWsOnNonWsRoute
  case noCluster, noRoute, passthroughInternalRedirectBadLocation, passthroughInternalRedirectNoRoute
  case passthroughInternalRedirectPredicate, passthroughInternalRedirectTooManyRedirects
  case passthroughInternalRedirectUnsafeScheme, rqDirectResponse, rqOverloadLocalReply, rqRedirect
  case rqResetAfterDownstreamResponseStarted, rqTotal, rsTooLarge

  static let definitions: [StatDefinition<ConnectionManagerStat>] = [
    .gauge(.downstreamCxActive, "downstream_cx_active"),
    .counter(.downstreamCxDelayedCloseTimeout, "downstream_cx_delayed_close_timeout"),
    .counter(.downstreamCxDestroy, "downstream_cx_destroy"),
    .counter(.downstreamCxDestroyActiveRq, "downstream_cx_destroy_active_rq"),
    .counter(.downstreamCxDestroyLocal, "downstream_cx_destroy_local"),
    .counter(.downstreamCxDestroyLocalActiveRq, "downstream_cx_destroy_local_active_rq"),
    .counter(.downstreamCxDestroyRemote, "downstream_cx_destroy_remote"),
    .counter(.downstreamCxDestroyRemoteActiveRq, "downstream_cx_destroy_remote_active_rq"),
    .counter(.downstreamCxDrainClose, "downstream_cx_drain_close"),
    .gauge(.downstreamCxHttp1Active, "downstream_cx_http1_active"),
    .counter(.downstreamCxHttp1SoftDrain, "downstream_cx_http1_soft_drain"),
    .counter(.downstreamCxHttp1Total, "downstream_cx_http1_total"),
    .gauge(.downstreamCxHttp2Active, "downstream_cx_http2_active"),
    .counter(.downstreamCxHttp2Total, "downstream_cx_http2_total"),
    .counter(.downstreamCxIdleTimeout, "downstream_cx_idle_timeout"),
    .counter(.downstreamCxMaxDurationReached, "downstream_cx_max_duration_reached"),
    .counter(.downstreamCxMaxRequestsReached, "downstream_cx_max_requests_reached"),
    .gauge(.downstreamCxOverloadDisableKeepalive, "downstream_cx_overload_disable_keepalive"),
    .counter(.downstreamCxProtocolError, "downstream_cx_protocol_error"),
    .gauge(.downstreamCxRxBytesBuffered, "downstream_cx_rx_bytes_buffered"),
    .counter(.downstreamCxRxBytesTotal, "downstream_cx_rx_bytes_total"),
    .gauge(.downstreamCxSslActive, "downstream_cx_ssl_active"),
    .counter(.downstreamCxSslTotal, "downstream_cx_ssl_total"),
    .counter(.downstreamCxTotal, "downstream_cx_total"),
    .gauge(.downstreamCxTxBytesBuffered, "downstream_cx_tx_bytes_buffered"),
    .counter(.downstreamCxTxBytesTotal, "downstream_cx_tx_bytes_total"),
    .gauge(.downstreamCxUpgradesActive, "downstream_cx_upgrades_active"),
    .counter(.downstreamCxUpgradesTotal, "downstream_cx_upgrades_total"),
    .counter(.downstreamFlowControlPausedReadingTotal, "downstream_flow_control_paused_reading_total"),
    .counter(.downstreamFlowControlResumedReadingTotal, "downstream_flow_control_resumed_reading_total"),
    .counter(.downstreamRq1xx, "downstream_rq_1xx"),
    .counter(.downstreamRq2xx, "downstream_rq_2xx"),
    .counter(.downstreamRq3xx, "downstream_rq_3xx"),
    .counter(.downstreamRq4xx, "downstream_rq_4xx"),
    .counter(.downstreamRq5xx, "downstream_rq_5xx"),
    .gauge(.downstreamRqActive, "downstream_rq_active"),
    .counter(.downstreamRqCompleted, "downstream_rq_completed"),
    .counter(.downstreamRqFailedPathNormalization, "downstream_rq_failed_path_normalization"),
    .counter(.downstreamRqHeaderTimeout, "downstream_rq_header_timeout"),
    .counter(.downstreamRqHttp1Total, "downstream_rq_http1_total"),
    .counter(.downstreamRqHttp2Total, "downstream_rq_http2_total"),
    .counter(.downstreamRqIdleTimeout, "downstream_rq_idle_timeout"),
    .counter(.downstreamRqMaxDurationReached, "downstream_rq_max_duration_reached"),
    .counter(.downstreamRqNonRelativePath, "downstream_rq_non_relative_path"),
    .counter(.downstreamRqOverloadClose, "downstream_rq_overload_close"),
    .counter(.downstreamRqRedirectedWithNormalizedPath, "downstream_rq_redirected_with_normalized_path"),
    .counter(.downstreamRqRejectedViaIpDetection, "downstream_rq_rejected_via_ip_detection"),
    .counter(.downstreamRqResponseBeforeRqComplete, "downstream_rq_response_before_rq_complete"),
    .counter(.downstreamRqRxReset, "downstream_rq_rx_reset"),
    .counter(.downstreamRqTimeout, "downstream_rq_timeout"),
    .counter(.downstreamRqTooLarge, "downstream_rq_too_large"),
    .counter(.downstreamRqTooManyPrematureResets, "downstream_rq_too_many_premature_resets"),
    .counter(.downstreamRqTotal, "downstream_rq_total"),
    .counter(.downstreamRqTxReset, "downstream_rq_tx_reset"),
    .counter(.downstreamRqWsOnNonWsRoute, "downstream_rq_ws_on_non_ws_route"),
    .counter(.noCluster, "no_cluster"),
    .counter(.noRoute, "no_route"),
    .counter(.passthroughInternalRedirectBadLocation, "passthrough_internal_redirect_bad_location"),
    .counter(.passthroughInternalRedirectNoRoute, "passthrough_internal_redirect_no_route"),
    .counter(.passthroughInternalRedirectPredicate, "passthrough_internal_redirect_predicate"),
    .counter(.passthroughInternalRedirectTooManyRedirects, "passthrough_internal_redirect_too_many_redirects"),
    .counter(.passthroughInternalRedirectUnsafeScheme, "passthrough_internal_redirect_unsafe_scheme"),
    .counter(.rqDirectResponse, "rq_direct_response"),
    .counter(.rqOverloadLocalReply, "rq_overload_local_reply"),
    .counter(.rqRedirect, "rq_redirect"),
    .counter(.rqResetAfterDownstreamResponseStarted, "rq_reset_after_downstream_response_started"),
    .counter(.rqTotal, "rq_total"),
    .counter(.rsTooLarge, "rs_too_large"),
  ]
}
