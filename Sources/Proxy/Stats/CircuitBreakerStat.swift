import Telemetry

/// `cluster.NAME.circuit_breakers.PRIORITY.`: 1 while a limit is reached.
enum CircuitBreakerStat: UInt32, StatSet {
  case cxOpen, cxPoolOpen, rqOpen, rqPendingOpen, rqRetryOpen

  static let definitions: [StatDefinition<CircuitBreakerStat>] = [
    .gauge(.cxOpen, "cx_open"),
    .gauge(.cxPoolOpen, "cx_pool_open"),
    .gauge(.rqOpen, "rq_open"),
    .gauge(.rqPendingOpen, "rq_pending_open"),
    .gauge(.rqRetryOpen, "rq_retry_open"),
  ]
}
