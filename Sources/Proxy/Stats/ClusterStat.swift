import Telemetry

/// A cluster's counters and gauges, `cluster.NAME.`, under Envoy's names; those of what Pillion does not do stay 0.
enum ClusterStat: UInt32, StatSet {
  case bindErrors, circuitBreakersDefaultCxOpen, circuitBreakersDefaultCxPoolOpen, circuitBreakersDefaultRqOpen
  case circuitBreakersDefaultRqPendingOpen, circuitBreakersDefaultRqRetryOpen, http1DroppedHeadersWithUnderscores
  case http1RequestsRejectedWithUnderscoresInHeaders, http1ResponseFlood, lbHealthyPanic, maxHostWeight
  case membershipChange, membershipDegraded, membershipExcluded, membershipHealthy, membershipTotal
  case retryOrShadowAbandoned, updateAttempt, updateEmpty, updateFailure, updateNoRebuild, updateSuccess
  case upstreamCxActive, upstreamCxCloseNotify, upstreamCxConnectAttemptsExceeded, upstreamCxConnectFail
  case upstreamCxConnectTimeout, upstreamCxDestroy, upstreamCxDestroyLocal, upstreamCxDestroyLocalWithActiveRq
  case upstreamCxDestroyRemote, upstreamCxDestroyRemoteWithActiveRq, upstreamCxDestroyWithActiveRq
  case upstreamCxHttp1Total, upstreamCxHttp2Total, upstreamCxIdleTimeout, upstreamCxMaxDurationReached
  case upstreamCxMaxRequests, upstreamCxNoneHealthy, upstreamCxOverflow, upstreamCxPoolOverflow
  case upstreamCxPreconnectSkipped, upstreamCxProtocolError, upstreamCxRxBytesBuffered, upstreamCxRxBytesTotal
  case upstreamCxTotal, upstreamCxTxBytesBuffered, upstreamCxTxBytesTotal, upstreamFlowControlBackedUpTotal
  case upstreamFlowControlDrainedTotal, upstreamFlowControlPausedReadingTotal
  case upstreamFlowControlResumedReadingTotal, upstreamInternalRedirectFailedTotal
  case upstreamInternalRedirectSucceededTotal, upstreamQueueOverloaded, upstreamRqActive, upstreamRqActiveOverflow
  case upstreamRqCancelled, upstreamRqMaintenanceMode, upstreamRqMaxDurationReached, upstreamRqPendingActive
  case upstreamRqPendingFailureEject, upstreamRqPendingOverflow, upstreamRqPendingTotal, upstreamRqPerTryIdleTimeout
  case upstreamRqPerTryTimeout, upstreamRqRetry, upstreamRqRetryBackoffExponential
  case upstreamRqRetryBackoffRatelimited, upstreamRqRetryLimitExceeded, upstreamRqRetryOverflow
  case upstreamRqRetrySuccess, upstreamRqRxReset, upstreamRqRxResetNoError, upstreamRqTimeout, upstreamRqTotal
  case upstreamRqTxReset, version, warmingState

  static let definitions: [StatDefinition<ClusterStat>] = [
    .counter(.bindErrors, "bind_errors"),
    .gauge(.circuitBreakersDefaultCxOpen, "circuit_breakers.default.cx_open"),
    .gauge(.circuitBreakersDefaultCxPoolOpen, "circuit_breakers.default.cx_pool_open"),
    .gauge(.circuitBreakersDefaultRqOpen, "circuit_breakers.default.rq_open"),
    .gauge(.circuitBreakersDefaultRqPendingOpen, "circuit_breakers.default.rq_pending_open"),
    .gauge(.circuitBreakersDefaultRqRetryOpen, "circuit_breakers.default.rq_retry_open"),
    .counter(.http1DroppedHeadersWithUnderscores, "http1.dropped_headers_with_underscores"),
    .counter(.http1RequestsRejectedWithUnderscoresInHeaders, "http1.requests_rejected_with_underscores_in_headers"),
    .counter(.http1ResponseFlood, "http1.response_flood"),
    .counter(.lbHealthyPanic, "lb_healthy_panic"),
    .gauge(.maxHostWeight, "max_host_weight"),
    .counter(.membershipChange, "membership_change"),
    .gauge(.membershipDegraded, "membership_degraded"),
    .gauge(.membershipExcluded, "membership_excluded"),
    .gauge(.membershipHealthy, "membership_healthy"),
    .gauge(.membershipTotal, "membership_total"),
    .counter(.retryOrShadowAbandoned, "retry_or_shadow_abandoned"),
    .counter(.updateAttempt, "update_attempt"),
    .counter(.updateEmpty, "update_empty"),
    .counter(.updateFailure, "update_failure"),
    .counter(.updateNoRebuild, "update_no_rebuild"),
    .counter(.updateSuccess, "update_success"),
    .gauge(.upstreamCxActive, "upstream_cx_active"),
    .counter(.upstreamCxCloseNotify, "upstream_cx_close_notify"),
    .counter(.upstreamCxConnectAttemptsExceeded, "upstream_cx_connect_attempts_exceeded"),
    .counter(.upstreamCxConnectFail, "upstream_cx_connect_fail"),
    .counter(.upstreamCxConnectTimeout, "upstream_cx_connect_timeout"),
    .counter(.upstreamCxDestroy, "upstream_cx_destroy"),
    .counter(.upstreamCxDestroyLocal, "upstream_cx_destroy_local"),
    .counter(.upstreamCxDestroyLocalWithActiveRq, "upstream_cx_destroy_local_with_active_rq"),
    .counter(.upstreamCxDestroyRemote, "upstream_cx_destroy_remote"),
    .counter(.upstreamCxDestroyRemoteWithActiveRq, "upstream_cx_destroy_remote_with_active_rq"),
    .counter(.upstreamCxDestroyWithActiveRq, "upstream_cx_destroy_with_active_rq"),
    .counter(.upstreamCxHttp1Total, "upstream_cx_http1_total"),
    .counter(.upstreamCxHttp2Total, "upstream_cx_http2_total"),
    .counter(.upstreamCxIdleTimeout, "upstream_cx_idle_timeout"),
    .counter(.upstreamCxMaxDurationReached, "upstream_cx_max_duration_reached"),
    .counter(.upstreamCxMaxRequests, "upstream_cx_max_requests"),
    .counter(.upstreamCxNoneHealthy, "upstream_cx_none_healthy"),
    .counter(.upstreamCxOverflow, "upstream_cx_overflow"),
    .counter(.upstreamCxPoolOverflow, "upstream_cx_pool_overflow"),
    .counter(.upstreamCxPreconnectSkipped, "upstream_cx_preconnect_skipped"),
    .counter(.upstreamCxProtocolError, "upstream_cx_protocol_error"),
    .gauge(.upstreamCxRxBytesBuffered, "upstream_cx_rx_bytes_buffered"),
    .counter(.upstreamCxRxBytesTotal, "upstream_cx_rx_bytes_total"),
    .counter(.upstreamCxTotal, "upstream_cx_total"),
    .gauge(.upstreamCxTxBytesBuffered, "upstream_cx_tx_bytes_buffered"),
    .counter(.upstreamCxTxBytesTotal, "upstream_cx_tx_bytes_total"),
    .counter(.upstreamFlowControlBackedUpTotal, "upstream_flow_control_backed_up_total"),
    .counter(.upstreamFlowControlDrainedTotal, "upstream_flow_control_drained_total"),
    .counter(.upstreamFlowControlPausedReadingTotal, "upstream_flow_control_paused_reading_total"),
    .counter(.upstreamFlowControlResumedReadingTotal, "upstream_flow_control_resumed_reading_total"),
    .counter(.upstreamInternalRedirectFailedTotal, "upstream_internal_redirect_failed_total"),
    .counter(.upstreamInternalRedirectSucceededTotal, "upstream_internal_redirect_succeeded_total"),
    .counter(.upstreamQueueOverloaded, "upstream_queue_overloaded"),
    .gauge(.upstreamRqActive, "upstream_rq_active"),
    .counter(.upstreamRqActiveOverflow, "upstream_rq_active_overflow"),
    .counter(.upstreamRqCancelled, "upstream_rq_cancelled"),
    .counter(.upstreamRqMaintenanceMode, "upstream_rq_maintenance_mode"),
    .counter(.upstreamRqMaxDurationReached, "upstream_rq_max_duration_reached"),
    .gauge(.upstreamRqPendingActive, "upstream_rq_pending_active"),
    .counter(.upstreamRqPendingFailureEject, "upstream_rq_pending_failure_eject"),
    .counter(.upstreamRqPendingOverflow, "upstream_rq_pending_overflow"),
    .counter(.upstreamRqPendingTotal, "upstream_rq_pending_total"),
    .counter(.upstreamRqPerTryIdleTimeout, "upstream_rq_per_try_idle_timeout"),
    .counter(.upstreamRqPerTryTimeout, "upstream_rq_per_try_timeout"),
    .counter(.upstreamRqRetry, "upstream_rq_retry"),
    .counter(.upstreamRqRetryBackoffExponential, "upstream_rq_retry_backoff_exponential"),
    .counter(.upstreamRqRetryBackoffRatelimited, "upstream_rq_retry_backoff_ratelimited"),
    .counter(.upstreamRqRetryLimitExceeded, "upstream_rq_retry_limit_exceeded"),
    .counter(.upstreamRqRetryOverflow, "upstream_rq_retry_overflow"),
    .counter(.upstreamRqRetrySuccess, "upstream_rq_retry_success"),
    .counter(.upstreamRqRxReset, "upstream_rq_rx_reset"),
    .counter(.upstreamRqRxResetNoError, "upstream_rq_rx_reset_no_error"),
    .counter(.upstreamRqTimeout, "upstream_rq_timeout"),
    .counter(.upstreamRqTotal, "upstream_rq_total"),
    .counter(.upstreamRqTxReset, "upstream_rq_tx_reset"),
    .gauge(.version, "version"),
    .gauge(.warmingState, "warming_state"),
  ]
}
