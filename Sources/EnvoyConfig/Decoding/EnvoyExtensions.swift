/// Messages that Envoy 1.40 takes in an extension's place, so that a type which Pillion does not have yet is told from one
/// that nobody has.
enum EnvoyExtensions {
  static let httpFilters =
    [
      "a2a.v3.A2a", "adaptive_concurrency.v3.AdaptiveConcurrency", "admission_control.v3.AdmissionControl",
      "alternate_protocols_cache.v3.FilterConfig", "api_key_auth.v3.ApiKeyAuth", "aws_lambda.v3.Config",
      "aws_request_signing.v3.AwsRequestSigning", "bandwidth_limit.v3.BandwidthLimit",
      "bandwidth_share.v3.BandwidthShare", "basic_auth.v3.BasicAuth", "body_size_limit.v3.BodySizeLimit",
      "buffer.v3.Buffer", "cache.v3.CacheConfig", "cache_v2.v3.CacheV2Config", "cdn_loop.v3.CdnLoopConfig",
      "composite.v3.Composite", "compressor.v3.Compressor", "connect_grpc_bridge.v3.FilterConfig", "cors.v3.Cors",
      "credential_injector.v3.CredentialInjector", "csrf.v3.CsrfPolicy", "custom_response.v3.CustomResponse",
      "decompressor.v3.Decompressor", "dynamic_forward_proxy.v3.FilterConfig",
      "dynamic_modules.v3.DynamicModuleFilter", "ext_authz.v3.ExtAuthz", "ext_proc.v3.ExternalProcessor",
      "fault.v3.HTTPFault", "file_server.v3.FileServerConfig",
      "file_system_buffer.v3.FileSystemBufferFilterConfig", "filter_chain.v3.FilterChainConfig",
      "gcp_authn.v3.GcpAuthnFilterConfig", "geoip.v3.Geoip",
      "grpc_field_extraction.v3.GrpcFieldExtractionConfig", "grpc_http1_bridge.v3.Config",
      "grpc_http1_reverse_bridge.v3.FilterConfig", "grpc_json_transcoder.v3.GrpcJsonTranscoder",
      "header_mutation.v3.HeaderMutation",
      "header_to_metadata.v3.Config", "health_check.v3.HealthCheck", "ip_tagging.v3.IPTagging",
      "json_to_metadata.v3.JsonToMetadata", "local_ratelimit.v3.LocalRateLimit",
      "lua.v3.Lua", "mcp.v3.Mcp", "oauth2.v3.OAuth2", "on_demand.v3.OnDemand", "original_src.v3.OriginalSrc",
      "rate_limit_quota.v3.RateLimitQuotaFilterConfig", "ratelimit.v3.RateLimit",
      "set_filter_state.v3.Config", "set_metadata.v3.Config", "stateful_session.v3.StatefulSession", "tap.v3.Tap",
      "thrift_to_metadata.v3.ThriftToMetadata", "transform.v3.TransformConfig", "upstream_codec.v3.UpstreamCodec",
      "wasm.v3.Wasm",
    ].map { "envoy.extensions.filters.http." + $0 } + typedStructs

  static let networkFilters =
    [
      "connection_limit.v3.ConnectionLimit", "direct_response.v3.Config", "dubbo_proxy.v3.DubboProxy",
      "dynamic_modules.v3.DynamicModuleNetworkFilter", "echo.v3.Echo", "ext_authz.v3.ExtAuthz",
      "ext_proc.v3.NetworkExternalProcessor", "generic_proxy.v3.GenericProxy", "geoip.v3.Geoip",
      "http_connection_manager.v3.EnvoyMobileHttpConnectionManager", "local_ratelimit.v3.LocalRateLimit",
      "mongo_proxy.v3.MongoProxy", "ratelimit.v3.RateLimit", "redis_proxy.v3.RedisProxy",
      "set_filter_state.v3.Config", "sni_cluster.v3.SniCluster", "sni_dynamic_forward_proxy.v3.FilterConfig",
      "thrift_proxy.v3.ThriftProxy", "wasm.v3.Wasm", "zookeeper_proxy.v3.ZooKeeperProxy",
    ].map { "envoy.extensions.filters.network." + $0 } + typedStructs

  /// What filters take from a route.
  static let perFilterConfigs =
    [
      "api_key_auth.v3.ApiKeyAuthPerRoute", "aws_lambda.v3.PerRouteConfig",
      "aws_request_signing.v3.AwsRequestSigningPerRoute", "bandwidth_limit.v3.BandwidthLimit",
      "basic_auth.v3.BasicAuthPerRoute", "buffer.v3.BufferPerRoute", "cache.v3.CacheConfig",
      "composite.v3.CompositePerRoute", "compressor.v3.CompressorPerRoute", "cors.v3.CorsPolicy",
      "credential_injector.v3.CredentialInjector", "csrf.v3.CsrfPolicy", "custom_response.v3.CustomResponse",
      "dynamic_forward_proxy.v3.PerRouteConfig", "dynamic_modules.v3.DynamicModuleFilterPerRoute",
      "ext_authz.v3.ExtAuthzPerRoute", "ext_proc.v3.ExtProcPerRoute", "fault.v3.HTTPFault",
      "file_system_buffer.v3.FileSystemBufferFilterConfig", "gcp_authn.v3.GcpAuthnFilterConfig",
      "grpc_http1_reverse_bridge.v3.FilterConfigPerRoute", "grpc_json_transcoder.v3.GrpcJsonTranscoder",
      "header_mutation.v3.HeaderMutationPerRoute", "header_to_metadata.v3.Config",
      "json_to_metadata.v3.JsonToMetadata", "local_ratelimit.v3.LocalRateLimit", "lua.v3.LuaPerRoute",
      "on_demand.v3.PerRouteConfig", "rate_limit_quota.v3.RateLimitQuotaOverride", "ratelimit.v3.RateLimitPerRoute",
      "set_metadata.v3.Config", "stateful_session.v3.StatefulSessionPerRoute", "tap.v3.Tap",
      "thrift_to_metadata.v3.ThriftToMetadataPerRoute",
    ].map { "envoy.extensions.filters.http." + $0 } + typedStructs

  static let listenerFilters =
    [
      "dynamic_modules.v3.DynamicModuleListenerFilter", "http_inspector.v3.HttpInspector",
      "local_ratelimit.v3.LocalRateLimit", "original_src.v3.OriginalSrc",
      "proxy_protocol.v3.ProxyProtocol", "set_filter_state.v3.Config",
    ].map { "envoy.extensions.filters.listener." + $0 } + typedStructs

  static let accessLoggers =
    [
      "dynamic_modules.v3.DynamicModuleAccessLog", "fluentd.v3.FluentdAccessLogConfig",
      "grpc.v3.HttpGrpcAccessLogConfig", "grpc.v3.TcpGrpcAccessLogConfig",
      "open_telemetry.v3.OpenTelemetryAccessLogConfig", "stats.v3.Config", "wasm.v3.WasmAccessLog",
    ].map { "envoy.extensions.access_loggers." + $0 } + typedStructs

  static let transportSockets =
    [
      "alts.v3.Alts", "http_11_proxy.v3.Http11ProxyUpstreamTransport",
      "internal_upstream.v3.InternalUpstreamTransport", "proxy_protocol.v3.ProxyProtocolUpstreamTransport",
      "quic.v3.QuicDownstreamTransport", "quic.v3.QuicUpstreamTransport", "starttls.v3.StartTlsConfig",
      "starttls.v3.UpstreamStartTlsConfig", "tap.v3.Tap", "tcp_stats.v3.Config",
    ].map { "envoy.extensions.transport_sockets." + $0 } + typedStructs

  /// Stand for any message by its JSON.
  private static let typedStructs = ["xds.type.v3.TypedStruct", "udpa.type.v1.TypedStruct"]
}
