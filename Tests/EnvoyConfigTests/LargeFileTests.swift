import EnvoyConfig
import Testing

@Suite struct LargeFileTests {
  /// A thousand clusters and a thousand routes to them, as a file of a mesh has.
  @Test func aThousandClustersAndRoutes() throws {
    let routes = (0..<1000).map {
      "- {match: {prefix: /s\($0)/}, route: {cluster: c\($0), retry_policy: {retry_on: 5xx}}}"
    }
    let clusters = (0..<1000).map {
      "- {name: c\($0), connect_timeout: 1s, circuit_breakers: {thresholds: [{max_requests: \($0)}]}}"
    }
    let text = """
      static_resources:
        listeners:
        - address: {socket_address: {address: 127.0.0.1, port_value: 0}}
          filter_chains:
          - filters:
            - name: h
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: h
                route_config:
                  virtual_hosts:
                  - name: v
                    domains: ["*"]
                    routes:
                    \(routes.joined(separator: "\n" + String(repeating: " ", count: 14)))
        clusters:
        \(clusters.joined(separator: "\n  "))
      """
    let bootstrap = try bootstrap(yaml: text)
    #expect(bootstrap.staticResources.clusters.count == 1000)
    #expect(bootstrap.staticResources.clusters[999].origin.line == text.split(separator: "\n").count)
    #expect(bootstrap.staticResources.clusters[7].circuitBreakers.thresholds(for: .default).maxRequests == 7)
  }
}
