import Telemetry

/// `cluster.NAME.outlier_detection.`: only of clusters that have outlier detection.
enum OutlierDetectionStat: UInt32, StatSet {
  case ejectionsActive, ejectionsConsecutive5xx, ejectionsDetectedConsecutive5xx
  case ejectionsDetectedConsecutiveGatewayFailure, ejectionsDetectedConsecutiveLocalOriginFailure
  case ejectionsDetectedDegradation, ejectionsDetectedFailurePercentage
  case ejectionsDetectedLocalOriginFailurePercentage, ejectionsDetectedLocalOriginSuccessRate
  case ejectionsDetectedSuccessRate, ejectionsEnforcedConsecutive5xx, ejectionsEnforcedConsecutiveGatewayFailure
  case ejectionsEnforcedConsecutiveLocalOriginFailure, ejectionsEnforcedFailurePercentage
  case ejectionsEnforcedLocalOriginFailurePercentage, ejectionsEnforcedLocalOriginSuccessRate
  case ejectionsEnforcedSuccessRate, ejectionsEnforcedTotal, ejectionsOverflow, ejectionsSuccessRate, ejectionsTotal

  static let definitions: [StatDefinition<OutlierDetectionStat>] = [
    .gauge(.ejectionsActive, "ejections_active"),
    .counter(.ejectionsConsecutive5xx, "ejections_consecutive_5xx"),
    .counter(.ejectionsDetectedConsecutive5xx, "ejections_detected_consecutive_5xx"),
    .counter(.ejectionsDetectedConsecutiveGatewayFailure, "ejections_detected_consecutive_gateway_failure"),
    .counter(.ejectionsDetectedConsecutiveLocalOriginFailure, "ejections_detected_consecutive_local_origin_failure"),
    .counter(.ejectionsDetectedDegradation, "ejections_detected_degradation"),
    .counter(.ejectionsDetectedFailurePercentage, "ejections_detected_failure_percentage"),
    .counter(.ejectionsDetectedLocalOriginFailurePercentage, "ejections_detected_local_origin_failure_percentage"),
    .counter(.ejectionsDetectedLocalOriginSuccessRate, "ejections_detected_local_origin_success_rate"),
    .counter(.ejectionsDetectedSuccessRate, "ejections_detected_success_rate"),
    .counter(.ejectionsEnforcedConsecutive5xx, "ejections_enforced_consecutive_5xx"),
    .counter(.ejectionsEnforcedConsecutiveGatewayFailure, "ejections_enforced_consecutive_gateway_failure"),
    .counter(.ejectionsEnforcedConsecutiveLocalOriginFailure, "ejections_enforced_consecutive_local_origin_failure"),
    .counter(.ejectionsEnforcedFailurePercentage, "ejections_enforced_failure_percentage"),
    .counter(.ejectionsEnforcedLocalOriginFailurePercentage, "ejections_enforced_local_origin_failure_percentage"),
    .counter(.ejectionsEnforcedLocalOriginSuccessRate, "ejections_enforced_local_origin_success_rate"),
    .counter(.ejectionsEnforcedSuccessRate, "ejections_enforced_success_rate"),
    .counter(.ejectionsEnforcedTotal, "ejections_enforced_total"),
    .counter(.ejectionsOverflow, "ejections_overflow"),
    .counter(.ejectionsSuccessRate, "ejections_success_rate"),
    .counter(.ejectionsTotal, "ejections_total"),
  ]
}
