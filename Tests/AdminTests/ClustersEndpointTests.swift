import Testing

@testable import Admin

/// Every expectation was answered by Envoy 1.40.0.
@Suite struct ClustersEndpointTests {
  let target: SampleTarget

  init() throws {
    target = try SampleTarget()
    var host = HostStatus(address: .socket(address: "127.0.0.1", port: 19101))
    host.stats.cxActive = 1
    host.stats.cxTotal = 2
    host.stats.rqError = 2
    host.stats.rqTotal = 2
    host.hostname = "hn"
    host.healthFlags = [.failedOutlierCheck, .degradedEDSHealth]
    host.weight = 3
    host.region = "r1"
    host.zone = "z1"
    host.subZone = "s1"
    var cluster = ClusterStatus(name: "up", observabilityName: "alt")
    cluster.outlier = ClusterStatus.Outlier()
    cluster.defaultThresholds.maxConnections = 5
    cluster.highThresholds.maxRetries = 9
    cluster.hosts = [host]
    var other = ClusterStatus(name: "up2")
    var pipe = HostStatus(address: .pipe(path: "/run/x.sock"))
    pipe.priority = 1
    pipe.healthFlags = [.edsStatusDraining]
    pipe.isCanary = true
    pipe.successRate = 99.5
    other.hosts = [pipe]
    target.clusters = [cluster, other]
    target.listeners = [
      ListenerStatus(
        name: "l1", addresses: [.socket(address: "127.0.0.1", port: 19100), .socket(address: "::1", port: 19109)]),
      ListenerStatus(name: "lu", addresses: [.pipe(path: "/run/l.sock")]),
    ]
  }

  @Test func text() {
    #expect(
      target.get("/clusters?filter=up%24").body == """
        up::observability_name::alt
        up::outlier::success_rate_average::-1
        up::outlier::success_rate_ejection_threshold::-1
        up::outlier::local_origin_success_rate_average::-1
        up::outlier::local_origin_success_rate_ejection_threshold::-1
        up::default_priority::max_connections::5
        up::default_priority::max_pending_requests::1024
        up::default_priority::max_requests::1024
        up::default_priority::max_retries::3
        up::high_priority::max_connections::1024
        up::high_priority::max_pending_requests::1024
        up::high_priority::max_requests::1024
        up::high_priority::max_retries::9
        up::added_via_api::false
        up::127.0.0.1:19101::cx_active::1
        up::127.0.0.1:19101::cx_connect_fail::0
        up::127.0.0.1:19101::cx_total::2
        up::127.0.0.1:19101::rq_active::0
        up::127.0.0.1:19101::rq_error::2
        up::127.0.0.1:19101::rq_pending_active::0
        up::127.0.0.1:19101::rq_success::0
        up::127.0.0.1:19101::rq_timeout::0
        up::127.0.0.1:19101::rq_total::2
        up::127.0.0.1:19101::hostname::hn
        up::127.0.0.1:19101::health_flags::/failed_outlier_check/degraded_eds_health
        up::127.0.0.1:19101::weight::3
        up::127.0.0.1:19101::region::r1
        up::127.0.0.1:19101::zone::z1
        up::127.0.0.1:19101::sub_zone::s1
        up::127.0.0.1:19101::canary::false
        up::127.0.0.1:19101::priority::0
        up::127.0.0.1:19101::success_rate::-1
        up::127.0.0.1:19101::local_origin_success_rate::-1

        """)
    let other = target.get("/clusters?filter=up2").body
    #expect(other.hasPrefix("up2::observability_name::up2\nup2::default_priority::max_connections::1024\n"))
    #expect(other.contains("up2::/run/x.sock::health_flags::/eds_status_draining\n"))
    #expect(other.contains("up2::/run/x.sock::canary::true\nup2::/run/x.sock::priority::1\n"))
    #expect(other.contains("::success_rate::99.5\n"))
  }

  @Test func refusesABrokenFilter() {
    let response = target.get("/clusters?filter=(")
    #expect(response.status == 400 && response.body == "Invalid re2 regex")
  }

  @Test func json() {
    let body = target.get("/clusters?format=json&filter=up%24").body
    #expect(
      body.hasPrefix(
        """
        {
         "cluster_statuses": [
          {
           "name": "up",
           "host_statuses": [
            {
             "address": {
              "socket_address": {
               "address": "127.0.0.1",
               "port_value": 19101
              }
             },
             "stats": [
              {
               "name": "cx_connect_fail"
              },
              {
               "value": "2",
               "name": "cx_total"
              },
        """))
    #expect(
      body.hasSuffix(
        """
             "health_status": {
              "failed_outlier_check": true,
              "eds_health_status": "DEGRADED"
             },
             "weight": 3,
             "hostname": "hn",
             "locality": {
              "region": "r1",
              "zone": "z1",
              "sub_zone": "s1"
             }
            }
           ],
           "circuit_breakers": {
            "thresholds": [
             {
              "max_connections": 5,
              "max_pending_requests": 1024,
              "max_requests": 1024,
              "max_retries": 3
             },
             {
              "priority": "HIGH",
              "max_connections": 1024,
              "max_pending_requests": 1024,
              "max_requests": 1024,
              "max_retries": 9
             }
            ]
           },
           "observability_name": "alt"
          }
         ]
        }

        """))
    #expect(body.contains("\"type\": \"GAUGE\",\n       \"value\": \"1\",\n       \"name\": \"cx_active\""))
    let other = target.get("/clusters?format=json&filter=up2").body
    #expect(other.contains("\"pipe\": {\n       \"path\": \"/run/x.sock\"\n"))
    #expect(other.contains("     \"weight\": 1,\n     \"priority\": 1,\n     \"locality\": {}\n"))
    #expect(other.contains("\"eds_health_status\": \"DRAINING\"\n"))
  }

  @Test func listeners() {
    let text = "l1::127.0.0.1:19100\nl1::[::1]:19109\nlu::/run/l.sock\n"
    #expect(target.get("/listeners").body == text)
    #expect(target.get("/listeners?format=x").body == text)
    #expect(
      target.get("/listeners?format=json").body == """
        {
         "listener_statuses": [
          {
           "name": "l1",
           "local_address": {
            "socket_address": {
             "address": "127.0.0.1",
             "port_value": 19100
            }
           },
           "additional_local_addresses": [
            {
             "socket_address": {
              "address": "::1",
              "port_value": 19109
             }
            }
           ]
          },
          {
           "name": "lu",
           "local_address": {
            "pipe": {
             "path": "/run/l.sock"
            }
           }
          }
         ]
        }

        """)
  }
}
