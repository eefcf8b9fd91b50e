extension TcpProxy: ConfigMessage {
  static let typeName = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("stat_prefix", &statPrefix, minLength: 1)
    readCluster(&reader)
    reader.duration("idle_timeout", &idleTimeout)
    reader.messages("access_log", &accessLog)
    reader.integer("max_connect_attempts", &maxConnectAttempts, in: 1...UInt32.max)
    reader.duration("max_downstream_connection_duration", &maxDownstreamConnectionDuration, .atLeastOneMillisecond)
    // No value of these two has an effect in Envoy either.
    reader.withoutEffect(.duration, "downstream_idle_timeout", "upstream_idle_timeout")
    reader.unsupported("on_demand", "backoff_options", "hash_policy", "tunneling_config", "proxy_protocol_tlvs")
    reader.unsupported("max_early_data_bytes", "check_drain_close")
    reader.unsupported("proxy_protocol_tlv_merge_policy") { $0 == "ADD_IF_ABSENT" || $0 == "0" }
    reader.unsupported("upstream_connect_mode") { $0 == "IMMEDIATE" || $0 == "0" }
    reader.unsupported("access_log_flush_interval", "flush_access_log_on_connected")
    reader.unsupportedUnlessEmpty("access_log_options")
    reader.unsupportedUnlessEmpty("metadata_match", "max_downstream_connection_duration_jitter_percentage")
  }

  /// An unknown cluster is accepted, as in Envoy: such connections are closed when they come.
  private mutating func readCluster(_ reader: inout MessageReader) {
    let choice = reader.oneof(
      "cluster_specifier", isRequired: true, of: "cluster", "weighted_clusters")
    switch choice {
    case "cluster": clusterSpecifier = .cluster(reader.chosenString("cluster"))
    case "weighted_clusters":
      if let index = reader.find("weighted_clusters") {
        clusterSpecifier = .weightedClusters(reader.context.decode(TcpWeightedCluster.self, at: index).clusters)
      }
    default: break
    }
  }
}

/// `TcpProxy.WeightedCluster`.
struct TcpWeightedCluster: ConfigMessage {
  static let typeName = TcpProxy.typeName + ".WeightedCluster"
  private(set) var clusters: [TcpProxy.ClusterWeight] = []

  init(from reader: inout MessageReader) { reader.messages("clusters", &clusters, minItems: 1) }
}

extension TcpProxy.ClusterWeight: ConfigMessage {
  static let typeName = TcpProxy.typeName + ".WeightedCluster.ClusterWeight"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("name", &name, minLength: 1)
    reader.integer("weight", &weight, in: 1...UInt32.max, isRequired: true)
    reader.unsupportedUnlessEmpty("metadata_match")
  }
}
