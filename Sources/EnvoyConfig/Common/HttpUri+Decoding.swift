extension HttpUri: ConfigMessage {
  static let typeName = "envoy.config.core.v3.HttpUri"

  init(from reader: inout MessageReader) {
    reader.string("uri", &uri, minLength: 1)
    if reader.oneof("http_upstream_type", isRequired: true, of: "cluster") != nil {
      cluster = reader.chosenString("cluster", minLength: 1)
    }
    var time: Duration?
    reader.duration("timeout", &time, DurationRange(upperBound: .seconds(1 << 32)), isRequired: true)
    timeout = time ?? .zero
    if !uri.isEmpty && !isAbsolute {
      reader.report("uri", "is no absolute URL", allowed: "http://HOST/PATH or https://HOST/PATH is allowed")
    }
  }

  /// Of a scheme that is fetched, with a host, and without anything that cannot stand in a request.
  private var isAbsolute: Bool {
    guard uri.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
    guard let scheme = ["http://", "https://"].first(where: { uri.lowercased().hasPrefix($0) }) else { return false }
    let authority = uri.dropFirst(scheme.count).prefix { !"/?".contains($0) }
    guard !authority.isEmpty, !uri.contains("#") else { return false }
    guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return true }
    return UInt16(authority[authority.index(after: colon)...]) != nil
  }
}

extension CoreRetryPolicy: ConfigMessage {
  static let typeName = "envoy.config.core.v3.RetryPolicy"

  init(from reader: inout MessageReader) {
    reader.message("retry_back_off", &retryBackOff)
    reader.integer("num_retries", &numRetries)
    reader.string("retry_on", &retryOn)
    reader.unsupported("retry_priority", "retry_host_predicate", "host_selection_retry_max_attempts")
  }
}

extension CoreRetryPolicy.BackoffStrategy: ConfigMessage {
  static let typeName = "envoy.config.core.v3.BackoffStrategy"

  init(from reader: inout MessageReader) {
    var (base, maximum): (Duration?, Duration?)
    reader.duration("base_interval", &base, .atLeastOneMillisecond, isRequired: true)
    reader.duration("max_interval", &maximum, .positive)
    if let base { baseInterval = base }
    maxInterval = maximum ?? baseInterval * 10
    if maxInterval < baseInterval {
      reader.report("max_interval", "is less than base_interval", allowed: "at least base_interval is allowed")
    }
  }
}
