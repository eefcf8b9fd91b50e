import Telemetry

/// `server.`: the process.
enum ServerStat: UInt32, StatSet {
  case concurrency, droppedStatFlushes, dynamicUnknownFields, envoyNotifications, hotRestartEpoch
  case hotRestartGeneration, live, memoryAllocated, memoryHeapSize, memoryPhysicalSize, parentConnections, state
  case staticUnknownFields, statsRecentLookups, totalConnections, uptime, version

  static let definitions: [StatDefinition<ServerStat>] = [
    .gauge(.concurrency, "concurrency"),
    .counter(.droppedStatFlushes, "dropped_stat_flushes"),
    .counter(.dynamicUnknownFields, "dynamic_unknown_fields"),
    .counter(.envoyNotifications, "envoy_notifications"),
    .gauge(.hotRestartEpoch, "hot_restart_epoch"),
    .gauge(.hotRestartGeneration, "hot_restart_generation"),
    .gauge(.live, "live"),
    .gauge(.memoryAllocated, "memory_allocated"),
    .gauge(.memoryHeapSize, "memory_heap_size"),
    .gauge(.memoryPhysicalSize, "memory_physical_size"),
    .gauge(.parentConnections, "parent_connections"),
    .gauge(.state, "state"),
    .counter(.staticUnknownFields, "static_unknown_fields"),
    .gauge(.statsRecentLookups, "stats_recent_lookups"),
    .gauge(.totalConnections, "total_connections"),
    .gauge(.uptime, "uptime"),
    .gauge(.version, "version"),
  ]
}
