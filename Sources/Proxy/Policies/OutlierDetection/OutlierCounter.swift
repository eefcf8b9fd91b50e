/// A counter of the cluster's `outlier_detection.` scope.
package enum OutlierCounter: Hashable, Sendable {
  case detected(OutlierKind)
  case enforced(OutlierKind)
  case enforcedTotal
  case overflow
  /// Deprecated in Envoy and still counted: ejections by consecutive 5xx that had room, enforced or not.
  case total
  /// Deprecated in Envoy and still counted: detections of consecutive 5xx.
  case consecutive5xx

  /// As Envoy names it, after `outlier_detection.`.
  package var name: StaticString {
    switch self {
    case .detected(.consecutive5xx): "ejections_detected_consecutive_5xx"
    case .detected(.consecutiveGatewayFailure): "ejections_detected_consecutive_gateway_failure"
    case .detected(.consecutiveLocalOriginFailure): "ejections_detected_consecutive_local_origin_failure"
    case .enforced(.consecutive5xx): "ejections_enforced_consecutive_5xx"
    case .enforced(.consecutiveGatewayFailure): "ejections_enforced_consecutive_gateway_failure"
    case .enforced(.consecutiveLocalOriginFailure): "ejections_enforced_consecutive_local_origin_failure"
    case .enforcedTotal: "ejections_enforced_total"
    case .overflow: "ejections_overflow"
    case .total: "ejections_total"
    case .consecutive5xx: "ejections_consecutive_5xx"
    }
  }
}
