extension RetryPolicy: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RetryPolicy"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("retry_on", &retryOn)
    reader.integer("num_retries", &numRetries)
    reader.duration("per_try_timeout", &perTryTimeout)
    reader.duration("per_try_idle_timeout", &perTryIdleTimeout)
    reader.integers("retriable_status_codes", &retriableStatusCodes)
    reader.message("retry_back_off", &retryBackOff)
    reader.message("rate_limited_retry_back_off", &rateLimitedRetryBackOff)
    reader.messages("retriable_headers", &retriableHeaders)
    reader.messages("retriable_request_headers", &retriableRequestHeaders)
    reader.integer("host_selection_retry_max_attempts", &hostSelectionRetryMaxAttempts)
    reader.unsupported("retry_priority", "retry_host_predicate", "retry_options_predicates", "refresh_cluster_on_retry")
  }
}

extension RetryPolicy.RetryBackOff: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RetryPolicy.RetryBackOff"

  init(from reader: inout MessageReader) {
    var (base, maximum): (Duration?, Duration?)
    reader.duration("base_interval", &base, .positive, isRequired: true)
    reader.duration("max_interval", &maximum, .positive)
    guard let base else { return }
    baseInterval = base
    maxInterval = maximum ?? base * 10
    if let maximum, maximum < base {
      reader.report(
        "max_interval", "is less than base_interval",
        allowed: "a duration of at least \(ScalarText.seconds(base)) is allowed")
    }
  }
}

extension RetryPolicy.RateLimitedRetryBackOff.ResetHeaderFormat: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("SECONDS", 0, .seconds), ("UNIX_TIMESTAMP", 1, .unixTimestamp),
  ]
}

extension RetryPolicy.RateLimitedRetryBackOff: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RetryPolicy.RateLimitedRetryBackOff"

  init(from reader: inout MessageReader) {
    reader.messages("reset_headers", &resetHeaders, minItems: 1)
    reader.duration("max_interval", &maxInterval, .positive)
  }
}

extension RetryPolicy.RateLimitedRetryBackOff.ResetHeader: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RetryPolicy.ResetHeader"

  init(from reader: inout MessageReader) {
    reader.string("name", &name, minLength: 1, rule: .header)
    reader.enumeration("format", &format)
  }
}
