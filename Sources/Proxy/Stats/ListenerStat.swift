import Telemetry

/// A listener's counters and gauges, `listener.ADDRESS.`.
enum ListenerStat: UInt32, StatSet {
  case downstreamCxActive, downstreamCxDestroy, downstreamCxOverflow, downstreamCxOverloadReject, downstreamCxTotal
  case downstreamCxTransportSocketConnectTimeout, downstreamGlobalCxOverflow, downstreamListenerFilterError
  case downstreamListenerFilterRemoteClose, downstreamPreCxActive, downstreamPreCxTimeout, extensionConfigMissing
  case networkExtensionConfigMissing, noFilterChainMatch

  static let definitions: [StatDefinition<ListenerStat>] = [
    .gauge(.downstreamCxActive, "downstream_cx_active"),
    .counter(.downstreamCxDestroy, "downstream_cx_destroy"),
    .counter(.downstreamCxOverflow, "downstream_cx_overflow"),
    .counter(.downstreamCxOverloadReject, "downstream_cx_overload_reject"),
    .counter(.downstreamCxTotal, "downstream_cx_total"),
    .counter(.downstreamCxTransportSocketConnectTimeout, "downstream_cx_transport_socket_connect_timeout"),
    .counter(.downstreamGlobalCxOverflow, "downstream_global_cx_overflow"),
    .counter(.downstreamListenerFilterError, "downstream_listener_filter_error"),
    .counter(.downstreamListenerFilterRemoteClose, "downstream_listener_filter_remote_close"),
    .gauge(.downstreamPreCxActive, "downstream_pre_cx_active"),
    .counter(.downstreamPreCxTimeout, "downstream_pre_cx_timeout"),
    .counter(.extensionConfigMissing, "extension_config_missing"),
    .counter(.networkExtensionConfigMissing, "network_extension_config_missing"),
    .counter(.noFilterChainMatch, "no_filter_chain_match"),
  ]
}
