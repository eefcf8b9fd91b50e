import EnvoyConfig
import Telemetry

/// /clusters: clusters and their hosts, as text or JSON.
enum ClustersEndpoint {
  static func respond(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    var clusters = target.clusters
    if let filter = request.nonEmpty("filter") {
      guard let regex = try? SafeRegex(filter) else { return .badRequest("Invalid re2 regex") }
      clusters = clusters.filter { regex.matches($0.name) }
    }
    if request["format"] == "json" {
      return .json(.object([("cluster_statuses", .array(clusters.map(ClusterJSON.cluster)))]))
    }
    return AdminResponse(clusters.map(text).joined())
  }

  private static func text(_ cluster: ClusterStatus) -> String {
    var lines = ["observability_name::\(cluster.observabilityName)"]
    if let outlier = cluster.outlier { lines += self.lines(outlier) }
    lines += self.lines("default", cluster.defaultThresholds)
    lines += self.lines("high", cluster.highThresholds)
    lines.append("added_via_api::\(cluster.isAddedViaAPI)")
    for host in cluster.hosts {
      lines += self.lines(host).map { "\(host.address.text)::\($0)" }
    }
    return lines.map { "\(cluster.name)::\($0)\n" }.joined()
  }

  private static func lines(_ outlier: ClusterStatus.Outlier) -> [String] {
    [
      "outlier::success_rate_average::\(number(outlier.successRateAverage))",
      "outlier::success_rate_ejection_threshold::\(number(outlier.successRateEjectionThreshold))",
      "outlier::local_origin_success_rate_average::\(number(outlier.localOriginSuccessRateAverage))",
      "outlier::local_origin_success_rate_ejection_threshold::"
        + number(outlier.localOriginSuccessRateEjectionThreshold),
    ]
  }

  private static func lines(_ priority: String, _ thresholds: ClusterStatus.Thresholds) -> [String] {
    [
      "\(priority)_priority::max_connections::\(thresholds.maxConnections)",
      "\(priority)_priority::max_pending_requests::\(thresholds.maxPendingRequests)",
      "\(priority)_priority::max_requests::\(thresholds.maxRequests)",
      "\(priority)_priority::max_retries::\(thresholds.maxRetries)",
    ]
  }

  private static func lines(_ host: HostStatus) -> [String] {
    [
      "cx_active::\(host.stats.cxActive)", "cx_connect_fail::\(host.stats.cxConnectFail)",
      "cx_total::\(host.stats.cxTotal)", "rq_active::\(host.stats.rqActive)", "rq_error::\(host.stats.rqError)",
      "rq_pending_active::\(host.stats.rqPendingActive)", "rq_success::\(host.stats.rqSuccess)",
      "rq_timeout::\(host.stats.rqTimeout)", "rq_total::\(host.stats.rqTotal)", "hostname::\(host.hostname)",
      "health_flags::\(host.healthFlags.text)", "weight::\(host.weight)", "region::\(host.region)",
      "zone::\(host.zone)", "sub_zone::\(host.subZone)", "canary::\(host.isCanary)", "priority::\(host.priority)",
      "success_rate::\(number(host.successRate))",
      "local_origin_success_rate::\(number(host.localOriginSuccessRate))",
    ]
  }

  private static func number(_ value: Double) -> String { NumberText.significant(value, precision: 6) }
}

extension HostStatus.HealthFlags {
  private static let names: [(HostStatus.HealthFlags, String)] = [
    (.failedActiveHealthCheck, "/failed_active_hc"), (.failedOutlierCheck, "/failed_outlier_check"),
    (.failedEDSHealth, "/failed_eds_health"), (.degradedActiveHealthCheck, "/degraded_active_hc"),
    (.degradedEDSHealth, "/degraded_eds_health"), (.pendingDynamicRemoval, "/pending_dynamic_removal"),
    (.pendingActiveHealthCheck, "/pending_active_hc"),
    (.excludedViaImmediateHealthCheckFail, "/excluded_via_immediate_hc_fail"),
    (.activeHealthCheckTimeout, "/active_hc_timeout"), (.edsStatusDraining, "/eds_status_draining"),
  ]

  var text: String {
    isEmpty ? "healthy" : Self.names.filter { contains($0.0) }.map(\.1).joined()
  }

  var edsHealthStatus: String {
    if contains(.failedEDSHealth) { return "UNHEALTHY" }
    if contains(.edsStatusDraining) { return "DRAINING" }
    return contains(.degradedEDSHealth) ? "DEGRADED" : "HEALTHY"
  }
}
