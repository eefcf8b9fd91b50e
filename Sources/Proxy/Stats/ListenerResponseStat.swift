import Telemetry

/// `listener.ADDRESS.http.PREFIX.`: responses of a connection manager on that listener.
enum ListenerResponseStat: UInt32, StatSet {
  case downstreamRq1xx, downstreamRq2xx, downstreamRq3xx, downstreamRq4xx, downstreamRq5xx, downstreamRqCompleted

  static let definitions: [StatDefinition<ListenerResponseStat>] = [
    .counter(.downstreamRq1xx, "downstream_rq_1xx"),
    .counter(.downstreamRq2xx, "downstream_rq_2xx"),
    .counter(.downstreamRq3xx, "downstream_rq_3xx"),
    .counter(.downstreamRq4xx, "downstream_rq_4xx"),
    .counter(.downstreamRq5xx, "downstream_rq_5xx"),
    .counter(.downstreamRqCompleted, "downstream_rq_completed"),
  ]
}
