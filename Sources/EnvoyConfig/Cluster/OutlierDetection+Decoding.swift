extension OutlierDetection: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.OutlierDetection"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.integer("consecutive_5xx", &consecutive5xx)
    reader.duration("interval", &interval, .positive)
    reader.duration("base_ejection_time", &baseEjectionTime, .positive)
    reader.integer("max_ejection_percent", &maxEjectionPercent, in: 0...100)
    reader.integer("enforcing_consecutive_5xx", &enforcingConsecutive5xx, in: 0...100)
    reader.integer("consecutive_gateway_failure", &consecutiveGatewayFailure)
    reader.integer("enforcing_consecutive_gateway_failure", &enforcingConsecutiveGatewayFailure, in: 0...100)
    readMaxEjectionTime(&reader)
    reader.duration("max_ejection_time_jitter", &maxEjectionTimeJitter)
    reader.bool("always_eject_one_host", &alwaysEjectOneHost)
    reader.bool("split_external_local_origin_errors", &splitExternalLocalOriginErrors)
    reader.integer("consecutive_local_origin_failure", &consecutiveLocalOriginFailure)
    reader.integer(
      "enforcing_consecutive_local_origin_failure", &enforcingConsecutiveLocalOriginFailure, in: 0...100)
    // Switching off what is not there is right; these fields say nothing else then.
    reader.unsupported("enforcing_success_rate", "enforcing_failure_percentage")
    reader.unsupported("success_rate_minimum_hosts", "success_rate_request_volume", "success_rate_stdev_factor")
    reader.unsupported("failure_percentage_threshold", "failure_percentage_minimum_hosts")
    reader.unsupported("failure_percentage_request_volume", "detect_degraded_hosts", "monitors")
    // Without split_external_local_origin_errors these change nothing in Envoy either.
    reader.withoutEffect(
      .integer(0...100), "enforcing_local_origin_success_rate", "enforcing_failure_percentage_local_origin")
    // Nor does this without active health checks.
    reader.withoutEffect(.bool, "successful_active_health_check_uneject_host")
  }

  private mutating func readMaxEjectionTime(_ reader: inout MessageReader) {
    var maximum: Duration?
    reader.duration("max_ejection_time", &maximum, .positive)
    maxEjectionTime = maximum ?? max(maxEjectionTime, baseEjectionTime)
    if let maximum, maximum < baseEjectionTime {
      reader.report(
        "max_ejection_time", "is less than base_ejection_time",
        allowed: "a duration of at least \(ScalarText.seconds(baseEjectionTime)) is allowed")
    }
  }
}
