import Telemetry

/// `cluster.NAME.circuit_breakers.PRIORITY.remaining_*`: only with `track_remaining`.
enum RemainingStat: UInt32, StatSet {
  case remainingCx, remainingCxPools, remainingPending, remainingRetries, remainingRq

  static let definitions: [StatDefinition<RemainingStat>] = [
    .gauge(.remainingCx, "remaining_cx"),
    .gauge(.remainingCxPools, "remaining_cx_pools"),
    .gauge(.remainingPending, "remaining_pending"),
    .gauge(.remainingRetries, "remaining_retries"),
    .gauge(.remainingRq, "remaining_rq"),
  ]
}
