import Telemetry

/// A host's counters and gauges, as /clusters shows them.
package enum HostStat: UInt32, StatSet {
  case cxActive, cxConnectFail, cxTotal, rqActive, rqError, rqSuccess, rqTimeout, rqTotal

  package static let definitions: [StatDefinition<HostStat>] = [
    .gauge(.cxActive, "cx_active"),
    .counter(.cxConnectFail, "cx_connect_fail"),
    .counter(.cxTotal, "cx_total"),
    .gauge(.rqActive, "rq_active"),
    .counter(.rqError, "rq_error"),
    .counter(.rqSuccess, "rq_success"),
    .counter(.rqTimeout, "rq_timeout"),
    .counter(.rqTotal, "rq_total"),
  ]
}
