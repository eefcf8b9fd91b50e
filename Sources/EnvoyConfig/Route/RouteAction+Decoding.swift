extension RoutingPriority: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("DEFAULT", 0, .default), ("HIGH", 1, .high),
  ]
}

extension RouteAction.ClusterNotFoundResponseCode: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("SERVICE_UNAVAILABLE", 0, .serviceUnavailable), ("NOT_FOUND", 1, .notFound),
    ("INTERNAL_SERVER_ERROR", 2, .internalServerError),
  ]
}

extension RouteAction: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RouteAction"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    readCluster(&reader)
    reader.enumeration("cluster_not_found_response_code", &clusterNotFoundResponseCode)
    readPathRewrite(&reader)
    readHostRewrite(&reader)
    reader.bool("append_x_forwarded_host", &appendXForwardedHost)
    reader.duration("timeout", &timeout)
    reader.duration("idle_timeout", &idleTimeout)
    reader.message("retry_policy", &retryPolicy)
    reader.enumeration("priority", &priority)
    reader.message("max_stream_duration", &maxStreamDuration)
    readUpgrades(&reader)
    reader.withoutEffect(.bool, "include_vh_rate_limits")
    reader.unsupported("request_mirror_policies", "rate_limits", "hash_policy", "cors", "hedge_policy")
    reader.unsupported("path_rewrite_policy", "path_rewrite", "flush_timeout", "early_data_policy")
    reader.duration("max_grpc_timeout", &maxGrpcTimeout)
    reader.duration("grpc_timeout_offset", &grpcTimeoutOffset)
    reader.unsupported("retry_policy_typed_config")
    reader.unsupported("internal_redirect_policy", "max_internal_redirects")
    reader.unsupported("internal_redirect_action") { $0 == "PASS_THROUGH_INTERNAL_REDIRECT" || $0 == "0" }
    reader.unsupportedUnlessEmpty("metadata_match")
  }

  private mutating func readCluster(_ reader: inout MessageReader) {
    let choice = reader.oneof(
      "cluster_specifier", isRequired: true, of: "cluster", "cluster_header", "weighted_clusters",
      unsupported: ["cluster_specifier_plugin", "inline_cluster_specifier_plugin"])
    switch choice {
    case "cluster":
      if let index = reader.find("cluster"), let name = reader.context.string(at: index, minLength: 1) {
        clusterSpecifier = .cluster(name)
        reader.context.noteRouteCluster(name, at: index)
      }
    case "cluster_header":
      clusterSpecifier = .clusterHeader(reader.chosenString("cluster_header", minLength: 1, rule: .header))
    case "weighted_clusters":
      if let index = reader.find("weighted_clusters") {
        clusterSpecifier = .weightedClusters(reader.context.decode(at: index))
      }
    default: break
    }
  }

  private mutating func readUpgrades(_ reader: inout MessageReader) {
    reader.messages("upgrade_configs", &upgradeConfigs)
    var types: Set<String> = []
    for upgrade in upgradeConfigs where !types.insert(upgrade.upgradeType.lowercased()).inserted {
      reader.report(
        "upgrade_configs", "has the upgrade type \"\(upgrade.upgradeType)\" twice", allowed: "give it once")
    }
  }

  private mutating func readPathRewrite(_ reader: inout MessageReader) {
    reader.string("prefix_rewrite", &prefixRewrite, rule: .header)
    if let index = reader.findDescribed("regex_rewrite") {
      regexRewrite = reader.context.decode(RegexMatchAndSubstituteReader.self, at: index).value
      if !prefixRewrite.isEmpty {
        reader.context.report(index, "excludes prefix_rewrite", allowed: "give one of them")
      }
    }
  }

  private mutating func readHostRewrite(_ reader: inout MessageReader) {
    let choice = reader.oneof(
      "host_rewrite_specifier", of: "host_rewrite_literal", "auto_host_rewrite", "host_rewrite_header",
      "host_rewrite_path_regex", unsupported: ["host_rewrite"])
    switch choice {
    case "host_rewrite_literal":
      hostRewrite = .literal(reader.chosenString("host_rewrite_literal", rule: .header))
    case "auto_host_rewrite":
      let isAuto = reader.find("auto_host_rewrite").flatMap { reader.context.bool(at: $0) } ?? false
      if isAuto { hostRewrite = .auto }
    case "host_rewrite_header":
      let name = reader.chosenString("host_rewrite_header", rule: .header)
      if !name.isEmpty { hostRewrite = .header(name) }
    case "host_rewrite_path_regex":
      hostRewrite = reader.regexMatchAndSubstitute("host_rewrite_path_regex").map { .pathRegex($0) }
    default: break
    }
  }
}

extension RouteAction.MaxStreamDuration: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RouteAction.MaxStreamDuration"

  init(from reader: inout MessageReader) {
    reader.duration("max_stream_duration", &maxStreamDuration)
    reader.duration("grpc_timeout_header_max", &grpcTimeoutHeaderMax)
    reader.duration("grpc_timeout_header_offset", &grpcTimeoutHeaderOffset)
  }
}

extension RouteAction.UpgradeConfig: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RouteAction.UpgradeConfig"

  init(from reader: inout MessageReader) {
    reader.string("upgrade_type", &upgradeType, minLength: 1, rule: .header)
    reader.bool("enabled", &enabled)
    reader.message("connect_config", &connectConfig)
    if connectConfig != nil && upgradeType.lowercased() != "connect" {
      reader.report("connect_config", "is given for \"\(upgradeType)\"", allowed: "it is of the type CONNECT only")
    }
  }
}

extension RouteAction.UpgradeConfig.ConnectConfig: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RouteAction.UpgradeConfig.ConnectConfig"

  init(from reader: inout MessageReader) {
    reader.unsupported("proxy_protocol_config", "allow_post")
  }
}

extension WeightedCluster: ConfigMessage {
  static let typeName = "envoy.config.route.v3.WeightedCluster"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.messages("clusters", &clusters, minItems: 1)
    reader.withoutEffect(.integer(0...UInt32.max), "total_weight")
    reader.string("runtime_key_prefix", &runtimeKeyPrefix)
    if reader.oneof("random_value_specifier", of: "header_name", unsupported: ["use_hash_policy"]) == "header_name" {
      headerName = reader.chosenString("header_name", rule: .header)
    }
    guard !clusters.isEmpty else { return }
    if totalWeight == 0 {
      reader.report("clusters", "the weights sum up to 0", allowed: "a sum greater than 0 is allowed")
    } else if totalWeight > UInt64(UInt32.max) {
      reader.report(
        "clusters", "the weights sum up to \(totalWeight)", allowed: "a sum of at most \(UInt32.max) is allowed")
    }
  }
}

extension WeightedCluster.ClusterWeight: ConfigMessage {
  static let typeName = "envoy.config.route.v3.WeightedCluster.ClusterWeight"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    readCluster(&reader)
    reader.integer("weight", &weight, isRequired: true)
    reader.headerMutations(&headers, minNameLength: 0)
    if reader.oneof("host_rewrite_specifier", of: "host_rewrite_literal") != nil {
      hostRewriteLiteral = reader.chosenString("host_rewrite_literal", rule: .header)
    }
    reader.typedPerFilterConfig(&typedPerFilterConfig)
    reader.unsupportedUnlessEmpty("metadata_match")
  }

  /// One of `name` and `cluster_header`: not a oneof in Envoy, but checked as one.
  private mutating func readCluster(_ reader: inout MessageReader) {
    var (name, header) = ("", "")
    reader.string("name", &name)
    reader.string("cluster_header", &header, rule: .header)
    if !name.isEmpty && !header.isEmpty {
      reader.report("cluster_header", "excludes name", allowed: "give one of them")
    } else if name.isEmpty && header.isEmpty {
      reader.report("name", "is required", allowed: "one of name, cluster_header is allowed")
    }
    specifier = header.isEmpty ? .name(name) : .clusterHeader(header)
    if !name.isEmpty, let key = reader.key(of: "name") { reader.context.noteRouteCluster(name, at: key + 1) }
  }
}

extension DecodingContext {
  /// A route leads to this cluster: it must exist, unless `validate_clusters` is false.
  func noteRouteCluster(_ name: String, at index: Int) {
    guard routeScope.validateClusters else { return }
    clusterReferences.append(ClusterReference(name: name, node: index))
  }
}
