/// Endpoints that change something.
enum ControlEndpoints {
  static func failHealthChecks(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    target.failHealthChecks()
    return .ok
  }

  static func passHealthChecks(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    target.passHealthChecks()
    return .ok
  }

  static func drainListeners(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    var options = DrainOptions()
    options.isGraceful = request["graceful"] != nil
    options.skipsExit = request["skip_exit"] != nil
    options.inboundOnly = request["inboundonly"] != nil
    target.drainListeners(options)
    return .ok
  }

  static func quit(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    target.quit()
    return .ok
  }

  static func reopenLogs(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    target.reopenLogs()
    return .ok
  }

  static func resetCounters(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    target.stats.resetCounters()
    return .ok
  }
}
