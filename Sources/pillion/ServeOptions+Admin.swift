import Admin

extension ServeOptions {
  /// As /server_info shows the command line.
  var asAdminShows: CommandLineOptions {
    var shown = CommandLineOptions()
    shown.concurrency = concurrency
    shown.configPath = configPath ?? ""
    shown.configYAML = configYaml ?? ""
    shown.adminAddressPath = adminAddressPath ?? ""
    shown.logLevel = logLevel
    shown.logPath = logPath ?? ""
    shown.serviceCluster = serviceCluster
    shown.serviceNode = serviceNode
    shown.serviceZone = serviceZone
    shown.fileFlushIntervalSeconds = fileFlushIntervalMsec / 1000
    shown.drainTimeSeconds = drainTimeS
    shown.drainStrategy = drainStrategy == .immediate ? "Immediate" : "Gradual"
    shown.parentShutdownTimeSeconds = parentShutdownTimeS
    shown.baseID = baseId
    shown.usesDynamicBaseID = useDynamicBaseId
    shown.disablesHotRestart = disableHotRestart
    return shown
  }
}
