extension CircuitBreakers: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.CircuitBreakers"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.messages("thresholds", &thresholds)
    reader.unsupported("per_host_thresholds")
  }
}

extension CircuitBreakers.Thresholds: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.CircuitBreakers.Thresholds"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.enumeration("priority", &priority)
    reader.integer("max_connections", &maxConnections)
    reader.integer("max_pending_requests", &maxPendingRequests)
    reader.integer("max_requests", &maxRequests)
    reader.integer("max_retries", &maxRetries)
    reader.message("retry_budget", &retryBudget)
    reader.bool("track_remaining", &trackRemaining)
    reader.unsupported("max_connection_pools")
  }
}

extension CircuitBreakers.RetryBudget: ConfigMessage {
  static let typeName = "envoy.config.cluster.v3.CircuitBreakers.Thresholds.RetryBudget"

  init(from reader: inout MessageReader) {
    reader.percent("budget_percent", &budgetPercent)
    reader.integer("min_retry_concurrency", &minRetryConcurrency)
    reader.unsupported("budget_interval") { $0 == "0s" }
  }
}
