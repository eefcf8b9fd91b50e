extension HttpConnectionManager.CodecType: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("AUTO", 0, .auto), ("HTTP1", 1, .http1), ("HTTP2", 2, .http2), ("HTTP3", 3, nil),
  ]
}

extension HttpConnectionManager.ServerHeaderTransformation: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("OVERWRITE", 0, .overwrite), ("APPEND_IF_ABSENT", 1, .appendIfAbsent), ("PASS_THROUGH", 2, .passThrough),
  ]
}

extension HttpConnectionManager.PathWithEscapedSlashesAction: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("KEEP_UNCHANGED", 1, .keepUnchanged), ("IMPLEMENTATION_SPECIFIC_DEFAULT", 0, .keepUnchanged),
    ("REJECT_REQUEST", 2, .rejectRequest), ("UNESCAPE_AND_REDIRECT", 3, .unescapeAndRedirect),
    ("UNESCAPE_AND_FORWARD", 4, .unescapeAndForward),
  ]
}

extension HttpConnectionManager.ForwardClientCertDetails: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("SANITIZE", 0, .sanitize), ("FORWARD_ONLY", 1, .forwardOnly), ("APPEND_FORWARD", 2, .appendForward),
    ("SANITIZE_SET", 3, .sanitizeSet), ("ALWAYS_FORWARD_ONLY", 4, .alwaysForwardOnly),
  ]
}

extension HttpConnectionManager: ConfigMessage {
  static let typeName = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.enumeration("codec_type", &codecType)
    reader.string("stat_prefix", &statPrefix, minLength: 1)
    readRoutes(&reader)
    readFilters(&reader)
    reader.message("common_http_protocol_options", &commonHttpProtocolOptions)
    reader.message("http_protocol_options", &http1ProtocolOptions)
    reader.message("http2_protocol_options", &http2ProtocolOptions)
    readHeaderSettings(&reader)
    readLimits(&reader)
    readIdentity(&reader)
    readPathSettings(&reader)
    reader.messages("access_log", &accessLog)
    readUpgrades(&reader)
    refuseUnsupported(&reader)
  }

  private mutating func readRoutes(_ reader: inout MessageReader) {
    let choice = reader.oneof(
      "route_specifier", isRequired: true, of: "route_config", unsupported: ["rds", "scoped_routes"])
    if choice == "route_config", let index = reader.find("route_config") {
      routeConfig = reader.context.decode(at: index)
    }
  }

  /// The router must stand last, once, and enabled; no filters at all are accepted, as in Envoy.
  private mutating func readFilters(_ reader: inout MessageReader) {
    let context = reader.context
    let indices = reader.elements("http_filters")
    for index in indices {
      guard let filter = context.decode(HttpFilterReader.self, at: index).value else { continue }
      httpFilters.append(filter)
      guard case .router = filter.config else {
        if index == indices.last {
          context.report(
            index, "the last filter \(filter.name) is not a terminal one", allowed: "the router stands last")
        }
        continue
      }
      if index != indices.last {
        context.report(
          index, "the terminal filter \(filter.name) is not the last", allowed: "the router stands last, and once")
      } else if filter.disabled {
        context.report(index, "the last filter is disabled", allowed: "the router cannot be disabled")
      }
    }
  }

  private mutating func readHeaderSettings(_ reader: inout MessageReader) {
    reader.string("server_name", &serverName, rule: .header)
    if serverName.isEmpty { serverName = "envoy" }
    reader.enumeration("server_header_transformation", &serverHeaderTransformation)
    if let index = reader.findDescribed("scheme_header_transformation") {
      schemeHeaderTransformation = reader.context.decode(SchemeHeaderTransformationReader.self, at: index).value
    }
    reader.bool("add_user_agent", &addUserAgent)
    reader.string("via", &via, rule: .header)
    reader.bool("generate_request_id", &generateRequestId)
    reader.bool("preserve_external_request_id", &preserveExternalRequestId)
    reader.bool("always_set_request_id_in_response", &alwaysSetRequestIdInResponse)
    if let index = reader.findDescribed("request_id_extension") {
      requestIdExtension = reader.context.decode(RequestIDExtension.self, at: index).config
    }
    reader.bool("proxy_100_continue", &proxy100Continue)
    reader.bool("append_x_forwarded_port", &appendXForwardedPort)
  }

  private mutating func readLimits(_ reader: inout MessageReader) {
    reader.integer("max_request_headers_kb", &maxRequestHeadersKb, in: 1...8192)
    reader.duration("stream_idle_timeout", &streamIdleTimeout)
    reader.duration("request_timeout", &requestTimeout)
    reader.duration("request_headers_timeout", &requestHeadersTimeout)
    reader.duration("drain_timeout", &drainTimeout)
    reader.duration("delayed_close_timeout", &delayedCloseTimeout)
    reader.duration("stream_flush_timeout", &streamFlushTimeout)
    reader.unsupportedUnlessEmpty("drain_timeout_jitter")
  }

  private mutating func readIdentity(_ reader: inout MessageReader) {
    reader.bool("use_remote_address", &useRemoteAddress)
    reader.integer("xff_num_trusted_hops", &xffNumTrustedHops)
    reader.message("internal_address_config", &internalAddressConfig)
    reader.bool("skip_xff_append", &skipXffAppend)
    reader.enumeration("forward_client_cert_details", &forwardClientCertDetails)
    reader.message("set_current_client_cert_details", &setCurrentClientCertDetails)
  }

  private mutating func readPathSettings(_ reader: inout MessageReader) {
    reader.bool("normalize_path", &normalizePath)
    reader.bool("merge_slashes", &mergeSlashes)
    reader.enumeration("path_with_escaped_slashes_action", &pathWithEscapedSlashesAction)
    reader.bool("strip_trailing_host_dot", &stripTrailingHostDot)
    var (stripsMatching, stripsAny) = (false, false)
    reader.bool("strip_matching_host_port", &stripsMatching)
    reader.bool("strip_any_host_port", &stripsAny)
    stripPortMode = stripsAny ? .any : stripsMatching ? .matching : .none
    if stripsAny && stripsMatching {
      reader.report("strip_any_host_port", "excludes strip_matching_host_port", allowed: "give one of them")
    }
  }

  /// Types differ by case only in nothing, as in Envoy.
  private mutating func readUpgrades(_ reader: inout MessageReader) {
    reader.messages("upgrade_configs", &upgradeConfigs)
    var types: Set<String> = []
    for upgrade in upgradeConfigs where !types.insert(upgrade.upgradeType.lowercased()).inserted {
      reader.report(
        "upgrade_configs", "has the upgrade type \"\(upgrade.upgradeType)\" twice", allowed: "give it once")
    }
  }

  private func refuseUnsupported(_ reader: inout MessageReader) {
    reader.unsupported("tracing", "http3_protocol_options", "path_normalization_options")
    reader.unsupported("proxy_status_config", "typed_header_validation_config", "forward_client_cert_matcher")
    reader.unsupported("forward_proto_config", "record_route_resolution_stats", "add_proxy_protocol_connection_state")
    reader.unsupported("original_ip_detection_extensions", "early_header_mutation_extensions")
    reader.unsupported("http1_safe_max_connection_duration")
    reader.unsupported("append_local_overload", "represent_ipv4_remote_address_as_ipv4_mapped_ipv6")
    reader.unsupported("stream_error_on_invalid_http_message")
    reader.unsupported("access_log_flush_interval", "flush_access_log_on_new_request")
    reader.unsupportedUnlessEmpty("local_reply_config", "access_log_options")
  }
}

extension HttpConnectionManager.InternalAddressConfig: ConfigMessage {
  static let typeName = HttpConnectionManager.typeName + ".InternalAddressConfig"

  init(from reader: inout MessageReader) {
    reader.bool("unix_sockets", &unixSockets)
    reader.messages("cidr_ranges", &cidrRanges)
  }
}

extension HttpConnectionManager.SetCurrentClientCertDetails: ConfigMessage {
  static let typeName = HttpConnectionManager.typeName + ".SetCurrentClientCertDetails"

  init(from reader: inout MessageReader) {
    reader.bool("subject", &subject)
    reader.bool("cert", &cert)
    reader.bool("chain", &chain)
    reader.bool("dns", &dns)
    reader.bool("uri", &uri)
    reader.bool("issuer", &issuer)
    reader.unsupported("format") { $0 == "TEXT" || $0 == "0" }
  }
}

extension HttpConnectionManager.UpgradeConfig: ConfigMessage {
  static let typeName = HttpConnectionManager.typeName + ".UpgradeConfig"

  init(from reader: inout MessageReader) {
    reader.string("upgrade_type", &upgradeType)
    reader.bool("enabled", &enabled)
    reader.unsupported("filters")
  }
}

/// `envoy.config.core.v3.SchemeHeaderTransformation`.
struct SchemeHeaderTransformationReader: ConfigMessage {
  static let typeName = "envoy.config.core.v3.SchemeHeaderTransformation"
  private(set) var value: HttpConnectionManager.SchemeHeaderTransformation?

  init(from reader: inout MessageReader) {
    if reader.oneof("transformation", of: "scheme_to_overwrite") != nil {
      let scheme = reader.chosenString("scheme_to_overwrite")
      value = .overwrite(scheme)
      if scheme != "http" && scheme != "https" {
        reader.report("scheme_to_overwrite", "is \"\(scheme)\"", allowed: "one of http, https is allowed")
      }
    }
    reader.unsupported("match_upstream")
  }
}

/// `RequestIDExtension`. Without a config it is Envoy's UUID extension with its defaults.
struct RequestIDExtension: ConfigMessage {
  static let typeName = "envoy.extensions.filters.network.http_connection_manager.v3.RequestIDExtension"
  private(set) var config = UuidRequestIdConfig()

  init(from reader: inout MessageReader) {
    let kinds = [AnyKind(UuidRequestIdConfig.self) { $0 }]
    if let found = reader.any("typed_config", isRequired: false, kinds) { config = found }
  }
}

extension UuidRequestIdConfig: ConfigMessage {
  static let typeName = "envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig"

  init(from reader: inout MessageReader) {
    reader.bool("pack_trace_reason", &packTraceReason)
    // There is no tracing yet.
    reader.withoutEffect(.bool, "use_request_id_for_trace_sampling")
  }
}
