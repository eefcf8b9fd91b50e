import Telemetry

/// `cluster.NAME.health_check.`: only of clusters that have one.
enum HealthCheckStat: UInt32, StatSet {
  case attempt, degraded, failure, healthy, networkFailure, passiveFailure, success, verifyCluster

  static let definitions: [StatDefinition<HealthCheckStat>] = [
    .counter(.attempt, "attempt"),
    .gauge(.degraded, "degraded"),
    .counter(.failure, "failure"),
    .gauge(.healthy, "healthy"),
    .counter(.networkFailure, "network_failure"),
    .counter(.passiveFailure, "passive_failure"),
    .counter(.success, "success"),
    .counter(.verifyCluster, "verify_cluster"),
  ]
}
