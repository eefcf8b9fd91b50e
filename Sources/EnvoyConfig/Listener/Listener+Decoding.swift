extension Listener.TrafficDirection: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("UNSPECIFIED", 0, .unspecified), ("INBOUND", 1, .inbound), ("OUTBOUND", 2, .outbound),
  ]
}

extension Listener: ConfigMessage {
  static let typeName = "envoy.config.listener.v3.Listener"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    node = reader.documentNode
    reader.string("name", &name)
    readAddress(&reader)
    reader.string("stat_prefix", &statPrefix)
    readFilterChains(&reader)
    reader.integer("per_connection_buffer_limit_bytes", &perConnectionBufferLimitBytes)
    reader.metadata(&metadata)
    reader.unsupported("drain_type") { $0 == "DEFAULT" || $0 == "0" }
    reader.enumeration("traffic_direction", &trafficDirection)
    reader.bool("enable_reuse_port", &enableReusePort)
    reader.messages("access_log", &accessLog)
    reader.integer("tcp_backlog_size", &tcpBacklogSize)
    readBindToPort(&reader)
    reader.message("tcp_keepalive", &tcpKeepalive)
    // There is no global limit of connections.
    reader.withoutEffect(.bool, "ignore_global_conn_limit")
    reader.withoutEffect(.bool, "reuse_port")
    readListenerFilters(&reader)
    reader.unsupported("additional_addresses", "socket_options")
    reader.bool("use_original_dst", &useOriginalDst)
    reader.unsupported("filter_chain_matcher", "fcds_config", "stats_matcher")
    reader.unsupported("transparent", "freebind", "tcp_fast_open_queue_length", "connection_balance_config")
    reader.unsupported("max_connections_to_accept_per_socket_event")
    reader.unsupported("api_listener", "internal_listener", "enable_mptcp", "bypass_overload_manager")
    reader.unsupported("per_connection_buffer_high_watermark_timeout") { $0 == "0s" }
    reader.unsupportedUnlessEmpty("udp_listener_config")
  }

  private mutating func readAddress(_ reader: inout MessageReader) {
    guard let index = reader.findDescribed("address", default: "required") else {
      return reader.reportMissing("address")
    }
    address = reader.context.decode(at: index)
  }

  private mutating func readFilterChains(_ reader: inout MessageReader) {
    let context = reader.context
    let indices = reader.elements("filter_chains")
    var overlaps = FilterChainOverlaps()
    for index in indices {
      let chain: FilterChain = context.decode(at: index)
      filterChains.append(chain)
      if let problem = overlaps.add(chain) { context.report(index, problem.problem, allowed: problem.allowed) }
    }
    reader.message("default_filter_chain", &defaultFilterChain)
    if indices.isEmpty, defaultFilterChain == nil {
      reader.report("filter_chains", "no filter chains specified", allowed: "at least one filter chain is needed")
    }
  }

  private mutating func readListenerFilters(_ reader: inout MessageReader) {
    var readers: [ListenerFilterReader] = []
    reader.messages("listener_filters", &readers)
    listenerFilters = readers.compactMap(\.value)
    reader.duration("listener_filters_timeout", &listenerFiltersTimeout)
    reader.bool("continue_on_listener_filters_timeout", &continueOnListenerFiltersTimeout)
  }

  private mutating func readBindToPort(_ reader: inout MessageReader) {
    reader.bool("bind_to_port", &bindToPort)
    var deprecated: ListenerDeprecatedV1?
    reader.message("deprecated_v1", &deprecated)
    if deprecated?.bindToPort == false { bindToPort = false }
  }
}

/// `Listener.DeprecatedV1`.
struct ListenerDeprecatedV1: ConfigMessage {
  static let typeName = "envoy.config.listener.v3.Listener.DeprecatedV1"

  private(set) var bindToPort = true

  init(from reader: inout MessageReader) { reader.bool("bind_to_port", &bindToPort) }
}

extension FilterChain: ConfigMessage {
  static let typeName = "envoy.config.listener.v3.FilterChain"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("name", &name)
    let context = reader.context
    let indices = reader.elements("filters")
    for index in indices {
      guard let filter = context.decode(FilterReader.self, at: index).value else { continue }
      filters.append(filter)
      if filter.config.isTerminal && index != indices.last {
        context.report(
          index, "the terminal filter \(filter.name) is not the last",
          allowed: "http_connection_manager and tcp_proxy stand last")
      } else if !filter.config.isTerminal && index == indices.last {
        context.report(
          index, "the last filter \(filter.name) is not a terminal one",
          allowed: "http_connection_manager and tcp_proxy stand last")
      }
    }
    reader.transportSocket(.downstream, &transportSocket)
    reader.withoutEffect(.object, "metadata")
    reader.message("filter_chain_match", &filterChainMatch)
    reader.duration("transport_socket_connect_timeout", &transportSocketConnectTimeout)
    reader.unsupported("use_proxy_proto")
  }
}

/// `envoy.config.listener.v3.Filter`; nil after an error.
struct FilterReader: ConfigMessage {
  static let typeName = "envoy.config.listener.v3.Filter"
  private(set) var value: Filter?

  init(from reader: inout MessageReader) {
    var name = ""
    reader.string("name", &name, minLength: 1)
    let choice = reader.oneof(
      "config_type", isRequired: true, of: "typed_config", unsupported: ["config_discovery"])
    guard choice == "typed_config", let index = reader.find("typed_config") else { return }
    let kinds = [
      AnyKind(HttpConnectionManager.self) { Filter.Config.httpConnectionManager($0) },
      AnyKind(TcpProxy.self) { Filter.Config.tcpProxy($0) },
      AnyKind(NetworkRBAC.self) { Filter.Config.rbac($0) },
    ]
    guard let config = reader.context.any(at: index, known: EnvoyExtensions.networkFilters, kinds) else { return }
    var filter = Filter(name: name, config: config)
    filter.origin = reader.origin
    value = filter
  }
}
