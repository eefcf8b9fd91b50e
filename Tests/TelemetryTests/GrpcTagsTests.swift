import Telemetry
import Testing

/// As Envoy's default tag extractors take gRPC's counters apart.
@Suite struct GrpcTagsTests {
  @Test func serviceAndMethodAreTags() {
    let store = StatsStore()
    for name in ["Service.Method.0", "p.Service.Method.success", "total"] {
      store.add(store.scope("cluster.a.grpc.").counter(name))
    }
    let text = StatsPrometheus.render(store.samples())
    let tags = "envoy_grpc_bridge_method=\"Method\",envoy_grpc_bridge_service=\"Service\",envoy_cluster_name=\"a\""
    #expect(text.contains("envoy_cluster_grpc_0{\(tags)} 1\n"))
    let split = "envoy_grpc_bridge_method=\"Service\",envoy_grpc_bridge_service=\"p\",envoy_cluster_name=\"a\""
    #expect(text.contains("envoy_cluster_grpc_Method_success{\(split)} 1\n"))
    #expect(text.contains("envoy_cluster_grpc_total{envoy_cluster_name=\"a\"} 1\n"))
  }
}
