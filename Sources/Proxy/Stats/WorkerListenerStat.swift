import Telemetry

/// `listener.ADDRESS.worker_N.`.
enum WorkerListenerStat: UInt32, StatSet {
  case downstreamCxActive, downstreamCxTotal

  static let definitions: [StatDefinition<WorkerListenerStat>] = [
    .gauge(.downstreamCxActive, "downstream_cx_active"),
    .counter(.downstreamCxTotal, "downstream_cx_total"),
  ]
}
