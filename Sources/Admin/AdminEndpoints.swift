extension AdminEndpoint {
  /// The dispatch table, in the order of /help.
  static let all: [AdminEndpoint] = [
    AdminEndpoint(path: "/", description: "Admin home page") { _, _ in HomeEndpoint.respond() },
    AdminEndpoint(path: "/certs", description: "print certs on machine") { _, target in
      CertsEndpoint.respond(target)
    },
    AdminEndpoint(
      path: "/clusters", description: "upstream cluster status",
      parameters: [
        Parameter(name: "filter", description: "Regular expression (Google re2) for filtering clusters by name")
      ]
    ) { ClustersEndpoint.respond($0, $1) },
    AdminEndpoint(
      path: "/config_dump", description: "dump the configuration in force",
      parameters: [
        Parameter(name: "resource", description: "The resource to dump"),
        Parameter(name: "mask", description: "The fields to show, separated by commas"),
        Parameter(name: "name_regex", description: "Regular expression for the names of the resources to dump"),
        Parameter(name: "include_eds", description: "Dump endpoints too", isFlag: true),
      ]
    ) { ConfigDumpEndpoint.respond($0, $1) },
    AdminEndpoint(path: "/contention", description: "dump current mutex contention stats (if enabled)") { _, _ in
      .init("Mutex contention tracing is not enabled. To enable, run Envoy with flag --enable-mutex-tracing.")
    },
    AdminEndpoint(
      path: "/drain_listeners", description: "drain listeners", isMutation: true,
      parameters: [
        Parameter(name: "graceful", description: "Drain connections before closing the listeners", isFlag: true),
        Parameter(name: "skip_exit", description: "Drain connections but keep the listeners", isFlag: true),
        Parameter(name: "inboundonly", description: "Only listeners of inbound traffic", isFlag: true),
      ]
    ) { ControlEndpoints.drainListeners($0, $1) },
    AdminEndpoint(
      path: "/healthcheck/fail", description: "cause the server to fail health checks", isMutation: true
    ) { ControlEndpoints.failHealthChecks($0, $1) },
    AdminEndpoint(
      path: "/healthcheck/ok", description: "cause the server to pass health checks", isMutation: true
    ) { ControlEndpoints.passHealthChecks($0, $1) },
    AdminEndpoint(path: "/help", description: "print out list of admin commands") { _, _ in .init(HelpEndpoint.text) },
    AdminEndpoint(path: "/hot_restart_version", description: "print the hot restart compatibility version") { _, _ in
      .init("disabled")
    },
    AdminEndpoint(path: "/init_dump", description: "dump what initialization waits for") { _, _ in .json(.object([])) },
    AdminEndpoint(
      path: "/listeners", description: "print listener info",
      parameters: [Parameter(name: "format", description: "File format to use", choices: ["text", "json"])]
    ) { ListenersEndpoint.respond($0, $1) },
    AdminEndpoint(
      path: "/logging", description: "query/change logging levels", isMutation: true,
      parameters: [
        Parameter(name: "paths", description: "Change multiple logging levels: <logger_name1>:<level1>,…"),
        Parameter(
          name: "level", description: "Change all logging levels",
          choices: ["", "trace", "debug", "info", "warning", "error", "critical", "off"]),
      ]
    ) { LoggingEndpoint.respond($0, $1) },
    AdminEndpoint(path: "/memory", description: "print current allocation/heap usage") {
      ServerEndpoints.memory($0, $1)
    },
    AdminEndpoint(path: "/quitquitquit", description: "exit the server", isMutation: true) {
      ControlEndpoints.quit($0, $1)
    },
    AdminEndpoint(path: "/ready", description: "print server state, return 200 if LIVE, otherwise return 503") {
      ServerEndpoints.ready($0, $1)
    },
    AdminEndpoint(path: "/reopen_logs", description: "reopen access logs", isMutation: true) {
      ControlEndpoints.reopenLogs($0, $1)
    },
    AdminEndpoint(path: "/reset_counters", description: "reset all counters to zero", isMutation: true) {
      ControlEndpoints.resetCounters($0, $1)
    },
    AdminEndpoint(path: "/runtime", description: "print runtime values") { _, _ in
      .json(.object([("entries", .object([])), ("layers", .array([]))]))
    },
    AdminEndpoint(path: "/server_info", description: "print server version/status information") {
      ServerEndpoints.serverInfo($0, $1)
    },
    AdminEndpoint(path: "/stats", description: "print server stats", parameters: statsParameters) {
      StatsEndpoint.respond($0, $1)
    },
    AdminEndpoint(
      path: "/stats/prometheus", description: "print server stats in prometheus format",
      parameters: prometheusParameters
    ) { StatsEndpoint.respond($0, $1, asked: .prometheus) },
    // No stat is looked up by its name while requests run: there is nothing to record, switched on or off.
    AdminEndpoint(path: "/stats/recentlookups", description: "Show recent stat-name lookups") { _, _ in
      .init("   Count Lookup\n\ntotal: 0\n")
    },
    AdminEndpoint(
      path: "/stats/recentlookups/clear", description: "clear list of stat-name lookups and counter", isMutation: true
    ) { _, _ in .ok },
    AdminEndpoint(
      path: "/stats/recentlookups/disable", description: "disable recording of stat-name lookups", isMutation: true
    ) { _, _ in .ok },
    AdminEndpoint(
      path: "/stats/recentlookups/enable", description: "enable recording of stat-name lookups", isMutation: true
    ) { _, _ in .ok },
  ]

  private static let filterParameters = [
    Parameter(
      name: "usedonly", description: "Only include stats that have been written by system since restart", isFlag: true),
    Parameter(name: "filter", description: "Regular expression (Google re2) for filtering stats"),
    Parameter(name: "invert_filter", description: "Invert the filter regex", isFlag: true),
  ]

  private static let statsParameters =
    filterParameters + [
      Parameter(name: "format", description: "Format to use", choices: ["html", "text", "json", "prometheus"]),
      Parameter(
        name: "type", description: "Stat types to include.",
        choices: ["All", "Counters", "Histograms", "Gauges", "TextReadouts"]),
      Parameter(
        name: "histogram_buckets", description: "Histogram bucket display mode",
        choices: ["cumulative", "disjoint", "detailed", "summary"]),
    ]

  private static let prometheusParameters =
    filterParameters + [
      Parameter(name: "text_readouts", description: "Render text_readouts as gauges with value 0", isFlag: true),
      Parameter(
        name: "histogram_buckets", description: "Histogram bucket display mode", choices: ["cumulative", "summary"]),
    ]
}
