/// /clusters?format=json: the messages envoy.admin.v3.ClusterStatus and HostStatus, their fields in the order of their
/// numbers, without those that have their default value.
enum ClusterJSON {
  private typealias Members = [(name: String, value: AdminJSON)]

  static func cluster(_ cluster: ClusterStatus) -> AdminJSON {
    var members: Members = [("name", .string(cluster.name))]
    if cluster.isAddedViaAPI { members.append(("added_via_api", .bool(true))) }
    if let outlier = cluster.outlier {
      members += percent("success_rate_ejection_threshold", outlier.successRateEjectionThreshold)
    }
    if !cluster.hosts.isEmpty { members.append(("host_statuses", .array(cluster.hosts.map(host)))) }
    if let outlier = cluster.outlier {
      members += percent(
        "local_origin_success_rate_ejection_threshold", outlier.localOriginSuccessRateEjectionThreshold)
    }
    let thresholds = [
      self.thresholds(cluster.defaultThresholds), self.thresholds(cluster.highThresholds, priority: "HIGH"),
    ]
    members.append(("circuit_breakers", .object([("thresholds", .array(thresholds))])))
    members.append(("observability_name", .string(cluster.observabilityName)))
    return .object(members)
  }

  private static func thresholds(_ thresholds: ClusterStatus.Thresholds, priority: String? = nil) -> AdminJSON {
    let limits: Members = [
      ("max_connections", .integer(thresholds.maxConnections)),
      ("max_pending_requests", .integer(thresholds.maxPendingRequests)),
      ("max_requests", .integer(thresholds.maxRequests)), ("max_retries", .integer(thresholds.maxRetries)),
    ]
    return .object((priority.map { [("priority", .string($0))] } ?? []) + limits)
  }

  private static func host(_ host: HostStatus) -> AdminJSON {
    var members: Members = [
      ("address", host.address.json), ("stats", .array(stats(host.stats))), ("health_status", health(host.healthFlags)),
    ]
    members += percent("success_rate", host.successRate)
    members.append(("weight", .integer(host.weight)))
    if !host.hostname.isEmpty { members.append(("hostname", .string(host.hostname))) }
    if host.priority > 0 { members.append(("priority", .integer(host.priority))) }
    members += percent("local_origin_success_rate", host.localOriginSuccessRate)
    let locality: Members = [("region", host.region), ("zone", host.zone), ("sub_zone", host.subZone)]
      .filter { !$0.1.isEmpty }.map { ($0.0, .string($0.1)) }
    members.append(("locality", .object(locality)))
    return .object(members)
  }

  private static func stats(_ stats: HostStatus.Stats) -> [AdminJSON] {
    func stat(_ name: String, _ value: UInt64, isGauge: Bool = false) -> AdminJSON {
      let type: Members = isGauge ? [("type", .string("GAUGE"))] : []
      let count: Members = value > 0 ? [("value", .string("\(value)"))] : []
      return .object(type + count + [("name", .string(name))])
    }
    return [
      stat("cx_connect_fail", stats.cxConnectFail), stat("cx_total", stats.cxTotal),
      stat("rq_error", stats.rqError), stat("rq_success", stats.rqSuccess), stat("rq_timeout", stats.rqTimeout),
      stat("rq_total", stats.rqTotal), stat("cx_active", stats.cxActive, isGauge: true),
      stat("rq_active", stats.rqActive, isGauge: true),
      stat("rq_pending_active", stats.rqPendingActive, isGauge: true),
    ]
  }

  private static func health(_ flags: HostStatus.HealthFlags) -> AdminJSON {
    func flag(_ name: String, _ flag: HostStatus.HealthFlags) -> Members {
      flags.contains(flag) ? [(name, .bool(true))] : []
    }
    return .object(
      flag("failed_active_health_check", .failedActiveHealthCheck) + flag("failed_outlier_check", .failedOutlierCheck)
        + [("eds_health_status", .string(flags.edsHealthStatus))]
        + flag("failed_active_degraded_check", .degradedActiveHealthCheck)
        + flag("pending_dynamic_removal", .pendingDynamicRemoval)
        + flag("pending_active_hc", .pendingActiveHealthCheck)
        + flag("excluded_via_immediate_hc_fail", .excludedViaImmediateHealthCheckFail)
        + flag("active_hc_timeout", .activeHealthCheckTimeout))
  }

  private static func percent(_ name: String, _ value: Double) -> Members {
    value < 0 ? [] : [(name, .object([("value", .number(value))]))]
  }
}
