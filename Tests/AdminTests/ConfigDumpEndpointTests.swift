import Testing

@testable import Admin

/// Every expectation was answered by Envoy 1.40.0.
@Suite struct ConfigDumpEndpointTests {
  let target: SampleTarget

  init() throws {
    target = try SampleTarget()
    target.configDump.clusters = ["up", "up2"].map { name in
      ConfigDump.Resource(
        .object([
          ("name", .string(name)), ("connect_timeout", .string("1s")),
          (
            "load_assignment",
            .object([("cluster_name", .string(name)), ("endpoints", .array([.object([])]))])
          ),
        ]), lastUpdatedNanoseconds: 1_795_230_361_444_000_000)
    }
    target.configDump.routes = [
      ConfigDump.Resource(.object([("name", .string("r"))]), lastUpdatedNanoseconds: 1_795_230_361_444_000_000)
    ]
  }

  func types(_ body: String) -> [String] {
    body.split(separator: "\n").filter { $0.hasPrefix("   \"@type\"") }.map { line in
      String(line.split(separator: ".").last ?? "").filter { $0.isLetter }
    }
  }

  @Test func theWhole() {
    let body = target.get("/config_dump").body
    #expect(
      types(body) == [
        "BootstrapConfigDump", "ClustersConfigDump", "ListenersConfigDump", "ScopedRoutesConfigDump",
        "RoutesConfigDump", "SecretsConfigDump",
      ])
    #expect(
      body.contains(
        """
          {
           "@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
           "static_route_configs": [
            {
             "route_config": {
              "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
              "name": "r"
             },
             "last_updated": "2026-11-21T03:06:01.444Z"
            }
           ]
          },
          {
           "@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump"
          }
         ]
        }
        """))
  }

  @Test func resources() {
    let body = target.get(
      "/config_dump?resource=static_clusters&mask=cluster.load_assignment.cluster_name,last_updated")
    #expect(
      body.body.hasPrefix(
        """
        {
         "configs": [
          {
           "@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump.StaticCluster",
           "cluster": {
            "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
            "load_assignment": {
             "cluster_name": "up"
            }
           },
           "last_updated": "2026-11-21T03:06:01.444Z"
          },
        """))
    #expect(target.get("/config_dump?resource=dynamic_listeners").body == "{}\n")
    #expect(target.get("/config_dump?resource=static_clusters&name_regex=zzz").body == "{}\n")
    let missing = target.get("/config_dump?resource=nope")
    #expect(missing.status == 404 && missing.body == "nope not found in config dump")
    #expect(missing.contentType == .plain)
    let single = target.get("/config_dump?resource=bootstrap")
    #expect(single.status == 400)
    #expect(single.body == "bootstrap is not a repeated field. Use ?mask=bootstrap to get only this field")
  }

  @Test func masks() {
    #expect(
      target.get("/config_dump?mask=bootstrap.node.id").body == """
        {
         "configs": [
          {
           "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump",
           "bootstrap": {
            "node": {
             "id": "nodeid"
            }
           }
          }
         ]
        }

        """)
    #expect(types(target.get("/config_dump?mask=static_clusters").body) == ["ClustersConfigDump"])
    for mask in ["nope", "bootstrap,static_clusters", "static_clusters.cluster.name"] {
      let response = target.get("/config_dump?mask=\(mask)")
      #expect(response.status == 400)
      #expect(response.body == "FieldMask \(mask) could not be successfully applied to any configs.")
    }
    let broken = target.get("/config_dump?resource=static_clusters&mask=cluster.load_assignment.endpoints.x")
    #expect(broken.status == 400)
    #expect(target.get("/config_dump?mask=&resource=").status == 200)
  }

  @Test func namesMatchAsAWhole() {
    let body = target.get("/config_dump?name_regex=up").body
    #expect(body.contains("\"name\": \"up\"") && !body.contains("\"name\": \"up2\""))
    #expect(types(body).count == 6)
    let broken = target.get("/config_dump?name_regex=(")
    #expect(broken.status == 400)
    #expect(broken.body == "INVALID_ARGUMENT: Error while parsing name_regex from (: missing ): (")
  }
}
