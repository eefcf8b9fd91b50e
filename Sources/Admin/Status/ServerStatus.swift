/// The server's life, by the names that /ready and /server_info print.
package enum ServerState: String, Sendable {
  case live = "LIVE"
  /// After /healthcheck/fail.
  case draining = "DRAINING"
  /// Clusters have not come up yet.
  case preInitializing = "PRE_INITIALIZING"
  case initializing = "INITIALIZING"
}

/// What /server_info prints.
package struct ServerStatus: Sendable {
  package var state: ServerState
  /// "COMMIT/VERSION/STATUS/BUILD TYPE/TLS LIBRARY".
  package var version: String
  package var uptimeSeconds: Int
  package var options: CommandLineOptions
  /// The bootstrap's node, with what the command line overrides.
  package var node: AdminJSON

  package init(
    state: ServerState, version: String, uptimeSeconds: Int, options: CommandLineOptions, node: AdminJSON = .object([])
  ) {
    self.state = state
    self.version = version
    self.uptimeSeconds = uptimeSeconds
    self.options = options
    self.node = node
  }
}

/// The command line as /server_info shows it; the defaults are Envoy's.
package struct CommandLineOptions: Sendable {
  package var concurrency = 1
  package var configPath = ""
  package var configYAML = ""
  package var adminAddressPath = ""
  package var logLevel = "info"
  package var logPath = ""
  package var serviceCluster = ""
  package var serviceNode = ""
  package var serviceZone = ""
  package var fileFlushIntervalSeconds = 10
  package var drainTimeSeconds = 600
  package var drainStrategy = "Gradual"
  package var parentShutdownTimeSeconds = 900
  package var mode = "Serve"
  package var baseID = 0
  package var usesDynamicBaseID = false
  package var disablesHotRestart = false

  package init() {}

  var json: AdminJSON {
    .object([
      ("base_id", .string("\(baseID)")), ("concurrency", .integer(concurrency)), ("config_path", .string(configPath)),
      ("config_yaml", .string(configYAML)), ("allow_unknown_static_fields", .bool(false)),
      ("admin_address_path", .string(adminAddressPath)), ("local_address_ip_version", .string("v4")),
      ("log_level", .string(logLevel)), ("component_log_level", .string("")),
      ("log_format", .string("[%Y-%m-%d %T.%e][%t][%l][%n] %v")), ("log_path", .string(logPath)),
      ("service_cluster", .string(serviceCluster)), ("service_node", .string(serviceNode)),
      ("service_zone", .string(serviceZone)), ("file_flush_interval", .string("\(fileFlushIntervalSeconds)s")),
      ("drain_time", .string("\(drainTimeSeconds)s")),
      ("parent_shutdown_time", .string("\(parentShutdownTimeSeconds)s")), ("mode", .string(mode)),
      ("disable_hot_restart", .bool(disablesHotRestart)), ("restart_epoch", .integer(0)),
      ("reject_unknown_dynamic_fields", .bool(false)), ("log_format_escaped", .bool(false)),
      ("disabled_extensions", .array([])), ("ignore_unknown_dynamic_fields", .bool(false)),
      ("use_dynamic_base_id", .bool(usesDynamicBaseID)), ("base_id_path", .string("")),
      ("drain_strategy", .string(drainStrategy)), ("stats_tag", .array([])),
    ])
  }
}
