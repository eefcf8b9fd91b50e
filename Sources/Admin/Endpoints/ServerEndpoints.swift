/// Endpoints that tell of the server as a whole.
enum ServerEndpoints {
  static func ready(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    let state = target.server.state
    return AdminResponse(state.rawValue + "\n", status: state == .live ? 200 : 503)
  }

  static func serverInfo(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    let server = target.server
    let uptime = AdminJSON.string("\(server.uptimeSeconds)s")
    return .json(
      .object([
        ("version", .string(server.version)), ("state", .string(server.state.rawValue)),
        ("uptime_current_epoch", uptime), ("uptime_all_epochs", uptime),
        ("hot_restart_version", .string("disabled")), ("command_line_options", server.options.json),
        ("node", server.node), ("hot_restart_initializing", .bool(false)),
      ]))
  }

  static func memory(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    let memory = target.memory
    return .json(
      .object([
        ("allocated", .string("\(memory.allocated)")), ("heap_size", .string("\(memory.heapSize)")),
        ("pageheap_unmapped", .string("\(memory.pageheapUnmapped)")),
        ("pageheap_free", .string("\(memory.pageheapFree)")),
        ("total_thread_cache", .string("\(memory.totalThreadCache)")),
        ("total_physical_bytes", .string("\(memory.totalPhysicalBytes)")),
      ]))
  }
}
