import Telemetry

/// What the downstream codecs of the whole process count, `http1.`.
enum HTTP1Stat: UInt32, StatSet {
  case droppedHeadersWithUnderscores, requestsRejectedWithUnderscoresInHeaders

  static let definitions: [StatDefinition<HTTP1Stat>] = [
    .counter(.droppedHeadersWithUnderscores, "dropped_headers_with_underscores"),
    .counter(.requestsRejectedWithUnderscoresInHeaders, "requests_rejected_with_underscores_in_headers"),
  ]
}
