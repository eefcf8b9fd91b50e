extension Bootstrap: ConfigMessage {
  static let typeName = "envoy.config.bootstrap.v3.Bootstrap"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    document = reader.documentNode
    reader.message("node", &node)
    reader.message("static_resources", &staticResources)
    var clusterManager: ClusterManager?
    reader.message("cluster_manager", &clusterManager)
    reader.message("admin", &admin)
    reader.message("layered_runtime", &layeredRuntime)
    readStats(&reader)
    reader.withoutEffect(.string, "flags_path", "perf_tracing_file_path")
    reader.withoutEffect(.strings, "node_context_params")
    reader.withoutEffect(.bool, "enable_dispatcher_stats")
    reader.unsupportedUnlessEmpty("dynamic_resources", "stats_config", "watchdog", "watchdogs", "tracing")
    reader.unsupportedUnlessEmpty("deferred_stat_options", "grpc_async_client_manager_config")
    reader.unsupportedUnlessEmpty("memory_allocator_manager", "certificate_provider_instances", "dns_resolution_config")
    reader.unsupported("hds_config", "stats_sinks", "overload_manager", "header_prefix", "use_tcp_for_dns_lookups")
    reader.unsupported("stats_server_version_override", "typed_dns_resolver_config", "bootstrap_extensions")
    reader.unsupported("fatal_actions", "config_sources", "default_config_source", "default_socket_interface")
    reader.unsupported("inline_headers", "default_regex_engine", "xds_delegate_extension")
    reader.unsupported("xds_config_tracker_extension", "listener_manager", "application_log_config")
    reader.unsupported("enable_worker_cpu_affinity", "stats_eviction_interval")
    checkListeners(&reader)
    checkClusters(&reader)
    reader.context.checkSecrets(staticResources.secrets)
  }

  private mutating func readStats(_ reader: inout MessageReader) {
    let range = DurationRange(lowerBound: .milliseconds(1), upperBound: .seconds(300))
    reader.duration("stats_flush_interval", &statsFlushInterval, range)
    guard reader.oneof("stats_flush", of: "stats_flush_on_admin") != nil else { return }
    statsFlushOnAdmin = reader.find("stats_flush_on_admin").flatMap { reader.context.bool(at: $0) } ?? true
    if !statsFlushOnAdmin { reader.report("stats_flush_on_admin", "is false", allowed: "only true is allowed") }
  }

  /// Two listeners on one address would share its connections by chance. Port 0 is a new port each time.
  private func checkListeners(_ reader: inout MessageReader) {
    var origins: [Address: SourceLocation] = [:]
    for listener in staticResources.listeners {
      var key = listener.address
      if case .socketAddress(let address) = key {
        if address.portValue == 0 { continue }
        key = .socketAddress(SocketAddress(address: address.address, portValue: address.portValue))
      }
      guard let first = origins.updateValue(listener.origin, forKey: key), let node = listener.node else { continue }
      reader.context.report(
        node.index, field: "address", "is that of another listener, at \(first)",
        allowed: "each listener needs an address of its own")
    }
  }

  /// What needs all clusters to be known.
  private func checkClusters(_ reader: inout MessageReader) {
    var origins: [String: SourceLocation] = [:]
    for cluster in staticResources.clusters {
      guard let first = origins.updateValue(cluster.origin, forKey: cluster.name), !cluster.name.isEmpty,
        let node = cluster.node
      else { continue }
      reader.context.report(
        node.index, field: "name", "duplicate cluster \"\(cluster.name)\", the first is at \(first)",
        allowed: "a name stands once")
    }
    for reference in reader.context.clusterReferences where origins[reference.name] == nil {
      let near = NearestName.find(reference.name, among: Array(origins.keys.prefix(1000)).sorted())
      reader.context.report(
        reference.node, "unknown cluster \"\(reference.name)\"",
        allowed: near.map { "did you mean \($0)?" } ?? "a cluster of static_resources.clusters is allowed")
    }
  }
}

extension Bootstrap.StaticResources: ConfigMessage {
  static let typeName = "envoy.config.bootstrap.v3.Bootstrap.StaticResources"

  init(from reader: inout MessageReader) {
    reader.messages("listeners", &listeners)
    reader.messages("clusters", &clusters)
    reader.messages("secrets", &secrets)
  }
}

extension Node: ConfigMessage {
  static let typeName = "envoy.config.core.v3.Node"

  init(from reader: inout MessageReader) {
    node = reader.documentNode
    reader.string("id", &id)
    reader.string("cluster", &cluster)
    reader.object("metadata", &metadata)
    reader.message("locality", &locality)
    // All of this is said to control planes only, which there are none of yet.
    reader.withoutEffect(.object, "dynamic_parameters", "user_agent_build_version")
    reader.withoutEffect(.string, "user_agent_name", "user_agent_version")
    reader.withoutEffect(.strings, "client_features")
    reader.withoutEffect(.objects, "extensions", "listening_addresses")
  }
}

/// `envoy.config.bootstrap.v3.ClusterManager`.
struct ClusterManager: ConfigMessage {
  static let typeName = "envoy.config.bootstrap.v3.ClusterManager"

  init(from reader: inout MessageReader) {
    reader.withoutEffect(.bool, "enable_deferred_cluster_creation")
    reader.unsupportedUnlessEmpty("outlier_detection", "upstream_bind_config")
    reader.unsupported("load_stats_config", "local_cluster_name")
  }
}

extension Admin: ConfigMessage {
  static let typeName = "envoy.config.bootstrap.v3.Admin"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    readAccessLog(&reader)
    // There is no profiler, and no global limit of connections.
    reader.withoutEffect(.string, "profile_path")
    reader.message("address", &address)
    reader.withoutEffect(.bool, "ignore_global_conn_limit")
    reader.unsupported("socket_options", "allow_paths")
  }

  /// Admin requests are not logged yet, so that the only log that can be promised is none.
  private func readAccessLog(_ reader: inout MessageReader) {
    let context = reader.context
    for index in reader.elements("access_log") {
      let log: AccessLog = context.decode(at: index)
      if case .file("/dev/null") = log.sink { continue }
      context.report(
        index, "Envoy logs admin requests, Pillion does not support it yet",
        allowed: "a file log to /dev/null is allowed")
    }
    reader.unsupported("access_log_path") { $0 == "/dev/null" || $0.isEmpty }
  }
}

extension LayeredRuntime: ConfigMessage {
  static let typeName = "envoy.config.bootstrap.v3.LayeredRuntime"

  init(from reader: inout MessageReader) {
    let context = reader.context
    var names: Set<String> = []
    var adminLayers = 0
    for index in reader.elements("layers") {
      let layer: Layer = context.decode(at: index)
      layers.append(layer)
      if !names.insert(layer.name).inserted {
        context.report(index, "duplicate layer name \"\(layer.name)\"", allowed: "a name stands once")
      }
      if layer.specifier == .adminLayer { adminLayers += 1 }
      if layer.specifier == .adminLayer && adminLayers > 1 {
        context.report(index, "a second admin layer", allowed: "at most one is allowed")
      }
    }
  }
}

extension LayeredRuntime.Layer: ConfigMessage {
  static let typeName = "envoy.config.bootstrap.v3.RuntimeLayer"

  init(from reader: inout MessageReader) {
    reader.string("name", &name, minLength: 1)
    let choice = reader.oneof(
      "layer_specifier", isRequired: true, of: "static_layer", "admin_layer", unsupported: ["disk_layer", "rtds_layer"])
    switch choice {
    case "static_layer": readStaticLayer(&reader)
    case "admin_layer":
      specifier = .adminLayer
      if let index = reader.find("admin_layer") { _ = reader.context.decode(AdminLayer.self, at: index) }
    default: break
    }
  }

  /// A runtime value would change a behaviour that nothing here reads it for.
  private func readStaticLayer(_ reader: inout MessageReader) {
    for entry in reader.map("static_layer") {
      reader.context.report(
        entry.key, "Envoy has runtime values, Pillion does not support them yet", allowed: "remove it")
    }
  }

  /// `RuntimeLayer.AdminLayer`, which has no fields.
  struct AdminLayer: ConfigMessage {
    static let typeName = "envoy.config.bootstrap.v3.RuntimeLayer.AdminLayer"

    init(from reader: inout MessageReader) {}
  }
}
