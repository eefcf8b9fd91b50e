/// `envoy.config.cluster.v3.OutlierDetection`, the part that looks at consecutive failures. Ejection by success rate and
/// by failure percentage is not supported yet.
package struct OutlierDetection: Sendable {
  package var consecutive5xx: UInt32 = 5
  package var interval: Duration = .seconds(10)
  package var baseEjectionTime: Duration = .seconds(30)
  package var maxEjectionPercent: UInt32 = 10
  /// In percent of the detections.
  package var enforcingConsecutive5xx: UInt32 = 100
  package var consecutiveGatewayFailure: UInt32 = 5
  package var enforcingConsecutiveGatewayFailure: UInt32 = 0
  /// The greater of 300 s and the base when absent in the text.
  package var maxEjectionTime: Duration = .seconds(300)
  package var maxEjectionTimeJitter: Duration = .zero
  package var alwaysEjectOneHost = false
  /// Whether failures to reach a host count apart from what the host answers.
  package var splitExternalLocalOriginErrors = false
  /// These two only with ``splitExternalLocalOriginErrors``.
  package var consecutiveLocalOriginFailure: UInt32 = 5
  package var enforcingConsecutiveLocalOriginFailure: UInt32 = 100
  package var origin = SourceLocation.none

  package init() {}
}
