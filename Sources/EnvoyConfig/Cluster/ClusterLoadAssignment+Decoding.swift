extension ClusterLoadAssignment: ConfigMessage {
  static let typeName = "envoy.config.endpoint.v3.ClusterLoadAssignment"

  init(from reader: inout MessageReader) {
    reader.string("cluster_name", &clusterName, minLength: 1)
    reader.messages("endpoints", &endpoints)
    var policy = Policy()
    reader.message("policy", &policy)
    overprovisioningFactor = policy.overprovisioningFactor
    reader.unsupportedUnlessEmpty("named_endpoints")
  }

  /// `ClusterLoadAssignment.Policy`.
  struct Policy: ConfigMessage {
    static let typeName = "envoy.config.endpoint.v3.ClusterLoadAssignment.Policy"
    private(set) var overprovisioningFactor: UInt32 = 140

    init() {}

    init(from reader: inout MessageReader) {
      reader.integer("overprovisioning_factor", &overprovisioningFactor, in: 1...UInt32.max)
      reader.unsupported("drop_overloads", "endpoint_stale_after", "weighted_priority_health")
    }
  }
}

extension LocalityLbEndpoints: ConfigMessage {
  static let typeName = "envoy.config.endpoint.v3.LocalityLbEndpoints"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.message("locality", &locality)
    reader.messages("lb_endpoints", &lbEndpoints)
    // Without locality_weighted_lb_config no balancer looks at a locality's weight.
    reader.withoutEffect(.integer(1...UInt32.max), "load_balancing_weight")
    reader.integer("priority", &priority, in: 0...128)
    var metadata: Metadata?
    reader.message("metadata", &metadata)
    transportSocketMatch = metadata?.transportSocketMatch ?? []
    reader.withoutEffect(.integer(0...UInt32.max), "proximity")
    reader.unsupported("load_balancer_endpoints", "leds_cluster_locality_config")
  }
}

extension LbEndpoint.HealthStatus: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("UNKNOWN", 0, .unknown), ("HEALTHY", 1, .healthy), ("UNHEALTHY", 2, .unhealthy), ("DRAINING", 3, .draining),
    ("TIMEOUT", 4, .timeout), ("DEGRADED", 5, .degraded),
  ]
}

extension LbEndpoint: ConfigMessage {
  static let typeName = "envoy.config.endpoint.v3.LbEndpoint"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    let choice = reader.oneof(
      "host_identifier", isRequired: true, of: "endpoint", unsupported: ["endpoint_name"])
    if choice == "endpoint", let index = reader.find("endpoint") { endpoint = reader.context.decode(at: index) }
    reader.enumeration("health_status", &healthStatus)
    var metadata: Metadata?
    reader.message("metadata", &metadata)
    self.metadata = metadata?.node
    transportSocketMatch = metadata?.transportSocketMatch ?? []
    reader.integer("load_balancing_weight", &loadBalancingWeight, in: 1...UInt32.max)
  }
}

extension Endpoint: ConfigMessage {
  static let typeName = "envoy.config.endpoint.v3.Endpoint"

  init(from reader: inout MessageReader) {
    if let index = reader.findDescribed("address", default: "required") {
      address = reader.context.decode(at: index)
    } else {
      reader.reportMissing("address")
    }
    reader.string("hostname", &hostname)
    reader.unsupported("additional_addresses", "observability_name")
    reader.message("health_check_config", &healthCheckConfig)
  }
}

extension Locality: ConfigMessage {
  static let typeName = "envoy.config.core.v3.Locality"

  init(from reader: inout MessageReader) {
    reader.string("region", &region)
    reader.string("zone", &zone)
    reader.string("sub_zone", &subZone)
  }
}

extension Endpoint.HealthCheckConfig: ConfigMessage {
  static let typeName = "envoy.config.endpoint.v3.Endpoint.HealthCheckConfig"

  init(from reader: inout MessageReader) {
    reader.integer("port_value", &portValue, in: 0...65_535)
    reader.string("hostname", &hostname)
    if let index = reader.findDescribed("address") { address = reader.context.decode(at: index) }
    reader.bool("disable_active_health_check", &disableActiveHealthCheck)
  }
}
