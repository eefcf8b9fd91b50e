extension RouteConfiguration: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RouteConfiguration"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    node = reader.documentNode
    reader.string("name", &name)
    reader.strings("internal_only_headers", &internalOnlyHeaders, rule: .header)
    internalOnlyHeaders = internalOnlyHeaders.map { $0.lowercased() }
    reader.headerMutations(&headers, minNameLength: 0)
    reader.bool("most_specific_header_mutations_wins", &mostSpecificHeaderMutationsWins)
    reader.bool("validate_clusters", &validateClusters)
    reader.integer("max_direct_response_body_size_bytes", &maxDirectResponseBodySizeBytes)
    reader.bool("ignore_port_in_host_matching", &ignorePortInHostMatching)
    reader.bool("ignore_path_parameters_in_path_matching", &ignorePathParametersInPathMatching)
    reader.metadata(&metadata)
    reader.unsupported("cluster_specifier_plugins", "request_mirror_policies", "vhost_header", "route_specifiers")
    reader.unsupportedUnlessEmpty("vhds")
    reader.typedPerFilterConfig(&typedPerFilterConfig)
    // What is decoded below is held against these.
    reader.context.routeScope = DecodingContext.RouteScope(
      validateClusters: validateClusters, maxDirectResponseBodySizeBytes: Int(maxDirectResponseBodySizeBytes))
    reader.messages("virtual_hosts", &virtualHosts)
  }
}

extension VirtualHost.TlsRequirementType: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("NONE", 0, VirtualHost.TlsRequirementType.none), ("EXTERNAL_ONLY", 1, .externalOnly), ("ALL", 2, .all),
  ]
}

extension VirtualHost: ConfigMessage {
  static let typeName = "envoy.config.route.v3.VirtualHost"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("name", &name, minLength: 1)
    readDomains(&reader)
    reader.enumeration("require_tls", &requireTls)
    reader.headerMutations(&headers, minNameLength: 1)
    reader.bool("include_request_attempt_count", &includeRequestAttemptCount)
    reader.bool("include_attempt_count_in_response", &includeAttemptCountInResponse)
    reader.bool("include_is_timeout_retry_header", &includeIsTimeoutRetryHeader)
    reader.message("retry_policy", &retryPolicy)
    reader.integer("per_request_buffer_limit_bytes", &perRequestBufferLimitBytes)
    reader.integer("request_body_buffer_limit", &requestBodyBufferLimit)
    reader.metadata(&metadata)
    reader.messages("routes", &routes)
    reader.unsupported("matcher", "virtual_clusters", "rate_limits", "request_mirror_policies", "route_specifiers")
    reader.unsupported("cors", "retry_policy_typed_config", "hedge_policy")
    reader.typedPerFilterConfig(&typedPerFilterConfig)
  }

  /// Domains are told apart without their case, over the whole route configuration.
  private mutating func readDomains(_ reader: inout MessageReader) {
    let context = reader.context
    for index in reader.elements("domains", minItems: 1) {
      guard let domain = context.string(at: index, rule: .header) else { continue }
      domains.append(domain)
      guard let first = context.routeScope.domains.updateValue(index, forKey: domain.lowercased()) else { continue }
      let place = context.document.location(of: first)
      if domain == "*" {
        context.report(
          index, "a second wildcard domain, the first is at \(place)",
          allowed: "one virtual host of a route configuration may have the domain *")
      } else {
        context.report(
          index, "the domain \(domain) is given already at \(place)",
          allowed: "a domain stands once in a route configuration, whatever its case")
      }
    }
  }
}
