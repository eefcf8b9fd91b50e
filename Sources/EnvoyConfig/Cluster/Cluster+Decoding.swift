extension Cluster.DiscoveryType: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("STATIC", 0, .static), ("STRICT_DNS", 1, .strictDns), ("LOGICAL_DNS", 2, nil), ("EDS", 3, nil),
    ("ORIGINAL_DST", 4, .originalDst),
  ]
}

extension Cluster.LbPolicy: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("ROUND_ROBIN", 0, .roundRobin), ("LEAST_REQUEST", 1, .leastRequest), ("RING_HASH", 2, nil), ("RANDOM", 3, .random),
    ("MAGLEV", 5, nil), ("CLUSTER_PROVIDED", 6, .clusterProvided), ("LOAD_BALANCING_POLICY_CONFIG", 7, nil),
  ]
}

extension Cluster.DnsLookupFamily: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("AUTO", 0, .auto), ("V4_ONLY", 1, .v4Only), ("V6_ONLY", 2, .v6Only), ("V4_PREFERRED", 3, .v4Preferred),
    ("ALL", 4, .all),
  ]
}

/// `Cluster.ClusterProtocolSelection`.
enum ProtocolSelection: ConfigEnum {
  case useConfiguredProtocol
  case useDownstreamProtocol

  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("USE_CONFIGURED_PROTOCOL", 0, .useConfiguredProtocol), ("USE_DOWNSTREAM_PROTOCOL", 1, .useDownstreamProtocol),
  ]
}

extension Cluster: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.Cluster"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    node = reader.documentNode
    reader.string("name", &name, minLength: 1)
    reader.string("alt_stat_name", &altStatName)
    readType(&reader)
    reader.duration("connect_timeout", &connectTimeout, .positive)
    reader.integer("per_connection_buffer_limit_bytes", &perConnectionBufferLimitBytes)
    readLoadBalancing(&reader)
    readHosts(&reader)
    reader.message("circuit_breakers", &circuitBreakers)
    reader.message("outlier_detection", &outlierDetection)
    readProtocolOptions(&reader)
    readDns(&reader)
    reader.bool("wait_for_warm_on_init", &waitForWarmOnInit)
    reader.duration("cleanup_interval", &cleanupInterval, .positive)
    reader.metadata(&metadata)
    readTransportSockets(&reader)
    checkALPN(&reader)
    readHealthChecks(&reader)
    var options = UpstreamConnectionOptions()
    reader.message("upstream_connection_options", &options)
    tcpKeepalive = options.tcpKeepalive
    // Of active health checks only.
    reader.withoutEffect(.bool, "ignore_health_on_host_removal")
    refuseUnsupported(&reader)
  }

  private mutating func readType(_ reader: inout MessageReader) {
    let choice = reader.oneof("cluster_discovery_type", of: "type", unsupported: ["cluster_type"])
    if choice == "type", let index = reader.find("type"),
      let type: DiscoveryType = reader.context.enumeration(at: index)
    {
      self.type = type
    }
    reader.unsupportedUnlessEmpty("eds_cluster_config")
  }

  private mutating func readLoadBalancing(_ reader: inout MessageReader) {
    reader.enumeration("lb_policy", &lbPolicy)
    checkClusterProvided(&reader)
    let choice = reader.oneof(
      "lb_config", of: "least_request_lb_config", "round_robin_lb_config",
      unsupported: ["ring_hash_lb_config", "maglev_lb_config", "original_dst_lb_config"])
    switch choice {
    case "least_request_lb_config":
      if let index = reader.find("least_request_lb_config") { leastRequestLbConfig = reader.context.decode(at: index) }
    case "round_robin_lb_config":
      if let index = reader.find("round_robin_lb_config") {
        _ = reader.context.decode(RoundRobinLbConfig.self, at: index)
      }
    default: break
    }
    reader.message("common_lb_config", &commonLbConfig)
    reader.unsupported("load_balancing_policy")
    reader.unsupportedUnlessEmpty("lb_subset_config")
  }

  /// As Envoy: where the hosts are the original destinations, there is nothing to balance.
  private func checkClusterProvided(_ reader: inout MessageReader) {
    if type == .originalDst, lbPolicy != .clusterProvided {
      reader.report(
        "lb_policy", "is not valid for clusters of type ORIGINAL_DST", allowed: "only CLUSTER_PROVIDED is allowed")
    } else if type != .originalDst, lbPolicy == .clusterProvided {
      reader.report(
        "lb_policy", "CLUSTER_PROVIDED needs a cluster that provides its own, of type ORIGINAL_DST",
        allowed: "ROUND_ROBIN, LEAST_REQUEST and RANDOM are allowed")
    }
  }

  /// A STATIC cluster takes literal addresses only.
  private mutating func readHosts(_ reader: inout MessageReader) {
    guard let index = reader.findDescribed("load_assignment") else { return }
    if type == .originalDst {
      reader.report(
        "load_assignment", "clusters of type ORIGINAL_DST have no load assignment", allowed: "remove it")
    }
    reader.context.requiresLiteralAddresses = type == .static
    loadAssignment = reader.context.decode(at: index)
    reader.context.requiresLiteralAddresses = true
  }

  private mutating func readProtocolOptions(_ reader: inout MessageReader) {
    var maxRequests: UInt32?
    reader.integer("max_requests_per_connection", &maxRequests)
    reader.upstreamProtocolOptions(&commonHttpProtocolOptions)
    readVersions(&reader)
    if let maxRequests {
      if commonHttpProtocolOptions.maxRequestsPerConnection != nil {
        reader.report(
          "max_requests_per_connection", "excludes that of common_http_protocol_options", allowed: "give one of them")
      }
      commonHttpProtocolOptions.maxRequestsPerConnection = maxRequests
    }
    reader.message("upstream_http_protocol_options", &upstreamHttpProtocolOptions)
    for entry in reader.map("typed_extension_protocol_options") {
      readExtensionOptions(entry, reader.context)
    }
  }

  /// The deprecated way to say which version of HTTP the cluster speaks.
  private mutating func readVersions(_ reader: inout MessageReader) {
    let hasBoth = reader.has("http_protocol_options") && reader.has("http2_protocol_options")
    let hasHttp2 = reader.has("http2_protocol_options")
    reader.message("http_protocol_options", &http1ProtocolOptions)
    reader.message("http2_protocol_options", &http2ProtocolOptions)
    var selection = ProtocolSelection.useConfiguredProtocol
    reader.enumeration("protocol_selection", &selection)
    switch selection {
    case .useDownstreamProtocol: httpVersion = .downstream(elseHttp2: hasHttp2)
    case .useConfiguredProtocol:
      httpVersion = hasHttp2 ? .http2 : .http1
      guard hasBoth else { return }
      reader.report(
        "http2_protocol_options", "excludes http_protocol_options",
        allowed: "both are allowed with protocol_selection USE_DOWNSTREAM_PROTOCOL")
    }
  }

  /// Options under the name of the HTTP extension replace those of the cluster itself, as in Envoy.
  private mutating func readExtensionOptions(_ entry: (key: Int, value: Int), _ context: DecodingContext) {
    let name = context.document.text(of: entry.key)
    guard name == UpstreamHttpProtocolOptionsReader.typeName else {
      return context.report(
        entry.key, "unknown protocol options \"\(name)\"",
        allowed: "\(UpstreamHttpProtocolOptionsReader.typeName) is allowed")
    }
    let kinds = [AnyKind(UpstreamHttpProtocolOptionsReader.self) { $0 }]
    guard let options = context.any(at: entry.value, kinds) else { return }
    commonHttpProtocolOptions = options.common
    upstreamHttpProtocolOptions = options.upstream
    httpVersion = options.versions.selection
    http1ProtocolOptions = options.versions.http1
    http2ProtocolOptions = options.versions.http2
  }

  /// What is negotiated by ALPN needs transport sockets that have it.
  private func checkALPN(_ reader: inout MessageReader) {
    guard case .auto = httpVersion else { return }
    let sockets =
      [("transport_socket" as StaticString, transportSocket)]
      + transportSocketMatches.map { ("transport_socket_matches", $0.transportSocket) }
    for (name, socket) in sockets {
      guard case .rawBuffer = socket else { continue }
      return reader.report(
        name, "has no ALPN, which auto_config of the protocol options needs",
        allowed: "an UpstreamTlsContext is allowed")
    }
  }

  private mutating func readHealthChecks(_ reader: inout MessageReader) {
    reader.messages("health_checks", &healthChecks)
    if healthChecks.count > 1 {
      reader.report(
        "health_checks", "Envoy has several health checks, Pillion does not support it yet", allowed: "one is allowed")
    }
    guard case .grpc = healthChecks.first?.checker else { return }
    switch httpVersion {
    case .http1, .downstream(elseHttp2: false):
      reader.report(
        "health_checks", "has a grpc_health_check, and the cluster has no HTTP/2",
        allowed: "http2_protocol_options or auto_config is needed")
    default: break
    }
  }

  private mutating func readTransportSockets(_ reader: inout MessageReader) {
    reader.transportSocket(.upstream, &transportSocket)
    reader.context.transportSocketSide = .upstream
    reader.messages("transport_socket_matches", &transportSocketMatches)
  }

  private mutating func readDns(_ reader: inout MessageReader) {
    reader.duration("dns_refresh_rate", &dnsRefreshRate, .aboveOneMillisecond)
    reader.duration("dns_jitter", &dnsJitter)
    reader.message("dns_failure_refresh_rate", &dnsFailureRefreshRate)
    reader.enumeration("dns_lookup_family", &dnsLookupFamily)
    // The system's resolver does not tell the TTL.
    reader.unsupported("respect_dns_ttl")
    reader.unsupported("dns_resolvers", "use_tcp_for_dns_lookups", "dns_resolution_config", "typed_dns_resolver_config")
  }

  private func refuseUnsupported(_ reader: inout MessageReader) {
    reader.unsupported("transport_socket_matcher", "stats_matcher")
    reader.unsupported("filters", "upstream_config", "lrs_server", "lrs_report_endpoint_metrics")
    reader.unsupported("track_timeout_budgets", "queuing_policies")
    reader.unsupported("close_connections_on_host_health_failure", "connection_pool_per_downstream_connection")
    reader.unsupported("per_connection_buffer_high_watermark_timeout") { $0 == "0s" }
    reader.unsupportedUnlessEmpty("upstream_bind_config", "track_cluster_stats", "preconnect_policy")
  }
}

extension MessageReader {
  /// `common_http_protocol_options` of a cluster.
  mutating func upstreamProtocolOptions(_ options: inout HttpProtocolOptions) {
    message("common_http_protocol_options", &options)
    guard let limit = options.maxStreamDuration, limit > .zero else { return }
    report(
      "common_http_protocol_options", "Envoy has max_stream_duration for clusters, Pillion does not support it yet",
      allowed: "remove it")
  }
}

extension Cluster.RefreshRate: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.Cluster.RefreshRate"

  init(from reader: inout MessageReader) {
    var (base, maximum): (Duration?, Duration?)
    reader.duration("base_interval", &base, .aboveOneMillisecond, isRequired: true)
    reader.duration("max_interval", &maximum, .aboveOneMillisecond)
    guard let base else { return }
    baseInterval = base
    maxInterval = maximum ?? base * 10
  }
}

extension Cluster.LeastRequestLbConfig: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.Cluster.LeastRequestLbConfig"

  init(from reader: inout MessageReader) {
    reader.integer("choice_count", &choiceCount, in: 2...UInt32.max)
    if let index = reader.findDescribed("active_request_bias", default: "{\"default_value\": 1.0}") {
      activeRequestBias = reader.context.decode(RuntimeDouble.self, at: index).defaultValue
    }
    reader.unsupportedUnlessEmpty("slow_start_config")
  }
}

/// `Cluster.RoundRobinLbConfig`.
struct RoundRobinLbConfig: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.Cluster.RoundRobinLbConfig"

  init(from reader: inout MessageReader) { reader.unsupportedUnlessEmpty("slow_start_config") }
}

extension Cluster.CommonLbConfig: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.Cluster.CommonLbConfig"

  init(from reader: inout MessageReader) {
    reader.percent("healthy_panic_threshold", &healthyPanicThreshold)
    reader.duration("update_merge_window", &updateMergeWindow)
    // Of active health checks only.
    reader.withoutEffect(.bool, "ignore_new_hosts_until_first_hc")
    reader.unsupported("close_connections_on_host_set_change")
    reader.unsupported("zone_aware_lb_config", "locality_weighted_lb_config", "override_host_status")
    reader.unsupportedUnlessEmpty("consistent_hashing_lb_config")
  }
}

/// `envoy.config.cluster.v3.UpstreamConnectionOptions`.
struct UpstreamConnectionOptions: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.UpstreamConnectionOptions"
  private(set) var tcpKeepalive: TcpKeepalive?

  init() {}

  init(from reader: inout MessageReader) {
    reader.message("tcp_keepalive", &tcpKeepalive)
    reader.unsupported("set_local_interface_name_on_upstream_connections")
    reader.unsupportedUnlessEmpty("happy_eyeballs_config")
  }
}
