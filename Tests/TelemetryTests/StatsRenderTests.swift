import Testing

@testable import Telemetry

/// Every expectation was printed by Envoy 1.40.0.
@Suite struct StatsRenderTests {
  let store = StatsStore()
  let shard: StatsShard

  init() {
    shard = store.makeShard()
    let cluster = store.scope("cluster.dead.")
    shard.increment(cluster.counter("upstream_rq_503"))
    shard.add(cluster.counter("upstream_rq_2xx"), 2)
    _ = cluster.gauge("membership_total")
    store.setGauge(store.scope("server.").gauge("live"), to: 1)
    _ = store.scope("cluster.dead.").histogram("upstream_rq_per_cx")
    let histogram = store.scope("cluster.up.").histogram("upstream_rq_per_cx")
    for value in [1, 5, 10, 25, 24, 50, 49, 100, 99, 109, 245, 250] as [UInt64] { shard.record(histogram, value) }
    store.flushHistograms()
    shard.record(histogram, 255)
    store.flushHistograms()
  }

  @Test func text() {
    #expect(
      StatsText.render(store.samples()) == """
        cluster.dead.membership_total: 0
        cluster.dead.upstream_rq_2xx: 2
        cluster.dead.upstream_rq_503: 1
        server.live: 1
        cluster.dead.upstream_rq_per_cx: No recorded values
        cluster.up.upstream_rq_per_cx: P0(255,1.05) P25(255,24.5) P50(255,50.5) P75(255,106.66666666666667) \
        P90(255,253.33333333333334) P95(255,256.6666666666667) P99(255,256.6666666666667) \
        P99.5(255,256.6666666666667) P99.9(255,256.6666666666667) P100(255,256.6666666666667)

        """)
  }

  @Test func textOfAnIntervalWithoutSamples() {
    store.flushHistograms()
    let text = StatsText.render(store.samples(StatsFilter(usedOnly: true, type: .histograms)))
    #expect(text.hasPrefix("cluster.up.upstream_rq_per_cx: P0(nan,1.05) P25(nan,24.5)"))
  }

  @Test func buckets() {
    let histograms = store.samples(StatsFilter(usedOnly: true, type: .histograms))
    #expect(
      StatsText.render(histograms, .cumulative) == """
        cluster.up.upstream_rq_per_cx: B0.5(0,0) B1(0,1) B5(0,2) B10(0,3) B25(0,5) B50(0,7) B100(0,10) B250(1,13) \
        B500(1,13) B1000(1,13) B2500(1,13) B5000(1,13) B10000(1,13) B30000(1,13) B60000(1,13) B300000(1,13) \
        B600000(1,13) B1.8e+06(1,13) B3.6e+06(1,13)

        """)
    #expect(
      StatsText.render(histograms, .disjoint).hasPrefix(
        "cluster.up.upstream_rq_per_cx: B0.5(0,0) B1(0,1) B5(0,1) B10(0,1) B25(0,2) B50(0,2) B100(0,3) B250(1,3) B500(0,0)"
      )
    )
    #expect(
      StatsText.render(histograms, .detailed).hasPrefix(
        """
        cluster.up.upstream_rq_per_cx:
          totals=1,0.1:1, 5,0.1:1, 10,1:1, 24,1:1, 25,1:1, 49,1:1, 50,1:1, 99,1:1, 100,10:2, 240,10:1, 250,10:2
          intervals=250,10:1
          summary=P0(255,1.05) P25(255,24.5)
        """))
  }

  @Test func filters() {
    func names(_ filter: StatsFilter) -> [String] {
      let samples = store.samples(filter)
      return samples.stats.map(\.name) + samples.histograms.map(\.name)
    }
    #expect(
      names(StatsFilter(usedOnly: true)) == [
        "cluster.dead.upstream_rq_2xx", "cluster.dead.upstream_rq_503", "server.live", "cluster.up.upstream_rq_per_cx",
      ])
    #expect(names(StatsFilter(type: .gauges)) == ["cluster.dead.membership_total", "server.live"])
    #expect(names(StatsFilter { $0.contains("503") }) == ["cluster.dead.upstream_rq_503"])
    store.resetCounters()
    #expect(names(StatsFilter(usedOnly: true, type: .counters)).count == 2)
  }

  @Test func namesThatMeetAreOneStat() {
    shard.add(store.scope("x.").block(SampleStat.self)[.total], 2)
    shard.add(store.scope("x.").counter("rq_total"), 3)
    #expect(StatsText.render(store.samples(StatsFilter { $0.hasPrefix("x.rq_t") })) == "x.rq_total: 5\n")
  }

  @Test func json() {
    let counters = store.samples(StatsFilter(type: .counters))
    #expect(
      StatsJSON.render(counters)
        == "{\"stats\":[{\"name\":\"cluster.dead.upstream_rq_2xx\",\"value\":2},"
        + "{\"name\":\"cluster.dead.upstream_rq_503\",\"value\":1}]}")
    #expect(StatsJSON.render(store.samples(StatsFilter { _ in false })) == "{\"stats\":[]}")
    let unused = store.samples(StatsFilter(type: .histograms) { $0.contains("dead") })
    let nothing = Array(repeating: "{\"cumulative\":null,\"interval\":null}", count: 10).joined(separator: ",")
    #expect(
      StatsJSON.render(unused)
        == "{\"stats\":[{\"histograms\":{\"supported_quantiles\":[0,25,50,75,90,95,99,99.5,99.9,100],"
        + "\"computed_quantiles\":[{\"name\":\"cluster.dead.upstream_rq_per_cx\",\"values\":[\(nothing)]}]}}]}")
    #expect(
      StatsJSON.render(unused, .detailed)
        == "{\"stats\":[{\"histograms\":{\"supported_percentiles\":[0,25,50,75,90,95,99,99.5,99.9,100],"
        + "\"details\":[{\"name\":\"cluster.dead.upstream_rq_per_cx\",\"totals\":[],\"intervals\":[],"
        + "\"percentiles\":[\(nothing)]}]}}]}")
    #expect(
      StatsJSON.render(store.samples(StatsFilter(usedOnly: true, type: .histograms)), .cumulative).hasSuffix(
        "{\"upper_bound\":60000,\"interval\":1,\"cumulative\":13},{\"upper_bound\":3e+05,\"interval\":1,\"cumulative\":13},"
          + "{\"upper_bound\":6e+05,\"interval\":1,\"cumulative\":13},{\"upper_bound\":1800000,\"interval\":1,"
          + "\"cumulative\":13},{\"upper_bound\":3600000,\"interval\":1,\"cumulative\":13}]}]}]}"))
  }

  @Test func prometheus() {
    let text = StatsPrometheus.render(store.samples())
    #expect(
      text.hasPrefix(
        """
        # TYPE envoy_cluster_upstream_rq counter
        envoy_cluster_upstream_rq{envoy_response_code="503",envoy_cluster_name="dead"} 1
        # TYPE envoy_cluster_upstream_rq_xx counter
        envoy_cluster_upstream_rq_xx{envoy_response_code_class="2",envoy_cluster_name="dead"} 2
        # TYPE envoy_cluster_membership_total gauge
        envoy_cluster_membership_total{envoy_cluster_name="dead"} 0
        # TYPE envoy_server_live gauge
        envoy_server_live{} 1
        # TYPE envoy_cluster_upstream_rq_per_cx histogram
        envoy_cluster_upstream_rq_per_cx_bucket{envoy_cluster_name="dead",le="0.5"} 0
        """))
    #expect(
      text.hasSuffix(
        """
        envoy_cluster_upstream_rq_per_cx_bucket{envoy_cluster_name="up",le="3600000"} 13
        envoy_cluster_upstream_rq_per_cx_bucket{envoy_cluster_name="up",le="+Inf"} 13
        envoy_cluster_upstream_rq_per_cx_sum{envoy_cluster_name="up"} 1230.2664831842996591149130836129
        envoy_cluster_upstream_rq_per_cx_count{envoy_cluster_name="up"} 13

        """))
    let summary = StatsPrometheus.render(
      store.samples(StatsFilter(usedOnly: true, type: .histograms)), summary: true)
    #expect(summary.contains("envoy_cluster_upstream_rq_per_cx{envoy_cluster_name=\"up\",quantile=\"0.995\"} 255\n"))
    #expect(summary.hasSuffix("envoy_cluster_upstream_rq_per_cx_count{envoy_cluster_name=\"up\"} 1\n"))
  }

  @Test(arguments: [
    ("cluster.a.upstream_rq_503", "cluster.upstream_rq", "envoy_response_code=503 envoy_cluster_name=a"),
    ("cluster.up.x.upstream_rq_2xx", "cluster.x.upstream_rq_xx", "envoy_response_code_class=2 envoy_cluster_name=up"),
    ("cluster.a.circuit_breakers.default.cx_open", "cluster.circuit_breakers.default.cx_open", "envoy_cluster_name=a"),
    ("cluster_manager.active_clusters", "cluster_manager.active_clusters", ""),
    ("http.ingress.downstream_rq_total", "http.downstream_rq_total", "envoy_http_conn_manager_prefix=ingress"),
    ("http1.response_flood", "http1.response_flood", ""),
    (
      "listener.127.0.0.1_19100.downstream_cx_total", "listener.downstream_cx_total",
      "envoy_listener_address=127.0.0.1_19100"
    ),
    ("listener.admin.downstream_cx_total", "listener.admin.downstream_cx_total", ""),
    (
      "listener.127.0.0.1_19100.http.ingress.downstream_rq_2xx", "listener.http.downstream_rq_xx",
      "envoy_response_code_class=2 envoy_http_conn_manager_prefix=ingress envoy_listener_address=127.0.0.1_19100"
    ),
    (
      "listener.127.0.0.1_80.worker_3.downstream_cx_active", "listener.worker_downstream_cx_active",
      "envoy_worker_id=3 envoy_listener_address=127.0.0.1_80"
    ),
    ("listener.[__1]_80.downstream_cx_total", "listener.downstream_cx_total", "envoy_listener_address=[__1]_80"),
    ("server.worker_0.watchdog_miss", "server.worker_watchdog_miss", "envoy_worker_id=0"),
    ("server.main_thread.watchdog_miss", "server.main_thread.watchdog_miss", ""),
    ("tcp.tcpp.downstream_cx_total", "tcp.downstream_cx_total", "envoy_tcp_prefix=tcpp"),
    ("tcp.x", "tcp.x", ""), ("", "", ""), ("listener", "listener", ""), ("listener.", "listener.", ""),
    (
      "http.p.rds.a.b.update_success", "http.rds.update_success",
      "envoy_http_conn_manager_prefix=p envoy_rds_route_config=a.b"
    ),
  ])
  func tagsAreCutOut(name: String, extracted: String, tags: String) {
    let result = StatsTags(name)
    #expect(result.name == extracted)
    #expect(result.tags.map { "\($0.name)=\($0.value)" }.joined(separator: " ") == tags)
  }

  @Test func textReadouts() {
    store.setTextReadout("control_plane.identifier", to: "a\"b")
    let samples = store.samples(StatsFilter(type: .textReadouts))
    #expect(StatsText.render(samples) == "control_plane.identifier: \"a\"b\"\n")
    #expect(StatsJSON.render(samples) == "{\"stats\":[{\"name\":\"control_plane.identifier\",\"value\":\"a\\\"b\"}]}")
    #expect(
      StatsPrometheus.render(samples, textReadouts: true)
        == "# TYPE envoy_control_plane_identifier gauge\nenvoy_control_plane_identifier{text_value=\"a\\\"b\"} 0\n")
  }
}
