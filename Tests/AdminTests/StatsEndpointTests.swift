import Telemetry
import Testing

@testable import Admin

/// Every expectation was answered by Envoy 1.40.0.
@Suite struct StatsEndpointTests {
  let target: SampleTarget

  init() throws {
    target = try SampleTarget()
    target.stats.add(target.stats.scope("cluster.a.").counter("upstream_rq_200"), 2)
    _ = target.stats.scope("cluster.a.").counter("upstream_rq_total")
    target.stats.setGauge(target.stats.scope("server.").gauge("live"), to: 1)
    target.stats.record(target.stats.scope("http.h.").histogram("downstream_rq_time"), 8)
    target.stats.flushHistograms()
  }

  @Test func filters() {
    #expect(
      target.get("/stats?type=Counters").body == "cluster.a.upstream_rq_200: 2\ncluster.a.upstream_rq_total: 0\n")
    #expect(target.get("/stats?usedonly&filter=%5Ecluster").body == "cluster.a.upstream_rq_200: 2\n")
    #expect(target.get("/stats?filter=r&invert_filter&type=").body == "")
    #expect(target.get("/stats?hidden=only").body == "")
    #expect(target.get("/stats?hidden=include&filter=li%76e").body == "server.live: 1\n")
  }

  @Test func formats() {
    #expect(target.get("/stats?format=json&filter=live").body == "{\"stats\":[{\"name\":\"server.live\",\"value\":1}]}")
    #expect(target.get("/stats?format=json&filter=live").contentType == .json)
    let prometheus = "# TYPE envoy_server_live gauge\nenvoy_server_live{} 1\n"
    #expect(target.get("/stats?format=prometheus&filter=live&type=Counters").body == prometheus)
    #expect(target.get("/stats/prometheus?filter=live&format=bogus").body == prometheus)
    #expect(
      target.get("/stats/prometheus?filter=rq_time&histogram_buckets=none").body.hasPrefix(
        "# TYPE envoy_http_downstream_rq_time summary\n"
          + "envoy_http_downstream_rq_time{envoy_http_conn_manager_prefix=\"h\",quantile=\"0\"} 8.0500000000000007"))
    #expect(
      target.get("/stats?histogram_buckets=detailed&type=Histograms").body.hasPrefix(
        "http.h.downstream_rq_time:\n  totals=8,0.1:1\n  intervals=8,0.1:1\n  summary=P0(8.05,8.05)"))
    #expect(target.get("/stats?format=html").contentType == .html)
  }

  @Test(arguments: [
    ("type=bogus", "invalid &type= param"), ("type=gauges", "invalid &type= param"),
    ("format=bogus", "usage: /stats?format=(html|active-html|json|prometheus|text)\n\n"),
    ("filter=*", "Invalid re2 regex: no argument for repetition operator: *"),
    ("filter=(", "Invalid re2 regex: missing ): ("),
    (
      "histogram_buckets=bogus",
      "usage: /stats?histogram_buckets=(cumulative|disjoint|detailed|summary|prometheusnative)\n\n"
    ),
    ("histogram_buckets=prometheusnative", "Invalid histogram_buckets type for non prometheus stats type"),
    ("format=prometheus&histogram_buckets=disjoint", "unsupported prometheus histogram bucket mode"),
    ("hidden=x", "usage: /stats?hidden=(include|only|exclude)\n\n"),
  ])
  func refusals(query: String, text: String) {
    let response = target.get("/stats?\(query)")
    #expect(response.status == 400)
    #expect(response.body == text)
  }

  @Test func countersAreReset() {
    #expect(target.post("/reset_counters").body == "OK\n")
    #expect(target.get("/stats?usedonly&type=Counters").body == "cluster.a.upstream_rq_200: 0\n")
  }
}
