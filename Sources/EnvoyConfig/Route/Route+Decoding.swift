extension Route: ConfigMessage {
  static let typeName = "envoy.config.route.v3.Route"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("name", &name)
    reader.requiredMessage("match", &match)
    readAction(&reader)
    var metadata: Metadata?
    reader.message("metadata", &metadata)
    self.metadata = metadata?.node
    filterMetadata = metadata?.filterMetadata ?? []
    reader.headerMutations(&headers, minNameLength: 1)
    reader.integer("per_request_buffer_limit_bytes", &perRequestBufferLimitBytes)
    reader.integer("request_body_buffer_limit", &requestBodyBufferLimit)
    reader.unsupported("stat_prefix", "decorator", "tracing", "route_specifiers")
    reader.typedPerFilterConfig(&typedPerFilterConfig)
  }

  private mutating func readAction(_ reader: inout MessageReader) {
    let choice = reader.oneof(
      "action", isRequired: true, of: "route", "redirect", "direct_response",
      unsupported: ["filter_action", "non_forwarding_action"])
    switch choice {
    case "route":
      if let index = reader.find("route") { action = .route(reader.context.decode(at: index)) }
    case "redirect":
      if let index = reader.find("redirect") { action = .redirect(reader.context.decode(at: index)) }
    case "direct_response":
      if let index = reader.find("direct_response") { action = .directResponse(reader.context.decode(at: index)) }
    default: break
    }
  }
}

extension RouteMatch: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RouteMatch"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    readPath(&reader)
    reader.bool("case_sensitive", &caseSensitive)
    reader.message("runtime_fraction", &runtimeFraction)
    reader.messages("headers", &headers)
    reader.messages("query_parameters", &queryParameters)
    var grpc: GrpcRouteMatchOptions?
    reader.message("grpc", &grpc)
    isGrpc = grpc != nil
    reader.unsupported("cookies", "tls_context", "dynamic_metadata", "filter_state")
  }

  private mutating func readPath(_ reader: inout MessageReader) {
    let choice = reader.oneof(
      "path_specifier", isRequired: true, of: "prefix", "path", "safe_regex", "path_separated_prefix",
      "connect_matcher", unsupported: ["path_match_policy"])
    switch choice {
    case "prefix": pathSpecifier = .prefix(reader.chosenString("prefix"))
    case "path": pathSpecifier = .path(reader.chosenString("path"))
    case "safe_regex":
      if let regex = reader.regex("safe_regex") { pathSpecifier = .safeRegex(regex) }
    case "connect_matcher":
      pathSpecifier = .connectMatcher
      if let index = reader.find("connect_matcher") { _ = reader.context.decode(ConnectMatcher.self, at: index) }
    case "path_separated_prefix":
      let prefix = reader.chosenString("path_separated_prefix")
      pathSpecifier = .pathSeparatedPrefix(prefix)
      let isAllowed = prefix.utf8.count >= 2 && !prefix.hasSuffix("/") && !prefix.contains { "?#".contains($0) }
      if !isAllowed {
        reader.report(
          "path_separated_prefix", "is \"\(prefix)\"",
          allowed: "at least two characters without ? and #, not ending in /, are allowed")
      }
    default: break
    }
  }
}

extension RouteMatch {
  /// `RouteMatch.ConnectMatcher`, which has no fields.
  struct ConnectMatcher: ConfigMessage {
    static let typeName = "envoy.config.route.v3.RouteMatch.ConnectMatcher"

    init(from reader: inout MessageReader) {}
  }

  /// `RouteMatch.GrpcRouteMatchOptions`, which has no fields.
  struct GrpcRouteMatchOptions: ConfigMessage {
    static let typeName = "envoy.config.route.v3.RouteMatch.GrpcRouteMatchOptions"

    init(from reader: inout MessageReader) {}
  }
}

extension RedirectAction.RedirectResponseCode: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("MOVED_PERMANENTLY", 0, .movedPermanently), ("FOUND", 1, .found), ("SEE_OTHER", 2, .seeOther),
    ("TEMPORARY_REDIRECT", 3, .temporaryRedirect), ("PERMANENT_REDIRECT", 4, .permanentRedirect),
  ]
}

extension RedirectAction: ConfigMessage {
  static let typeName = "envoy.config.route.v3.RedirectAction"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    switch reader.oneof("scheme_rewrite_specifier", of: "https_redirect", "scheme_redirect") {
    case "https_redirect":
      let redirects = reader.find("https_redirect").flatMap { reader.context.bool(at: $0) }
      schemeRewrite = .httpsRedirect(redirects ?? false)
    case "scheme_redirect": schemeRewrite = .schemeRedirect(reader.chosenString("scheme_redirect"))
    default: break
    }
    readPath(&reader)
    reader.string("host_redirect", &hostRedirect, rule: .header)
    reader.integer("port_redirect", &portRedirect)
    reader.enumeration("response_code", &responseCode)
    reader.bool("strip_query", &stripQuery)
  }

  private mutating func readPath(_ reader: inout MessageReader) {
    let choice = reader.oneof(
      "path_rewrite_specifier", of: "path_redirect", "prefix_rewrite", "regex_rewrite", unsupported: ["path_rewrite"])
    switch choice {
    case "path_redirect": pathRewrite = .pathRedirect(reader.chosenString("path_redirect", rule: .header))
    case "prefix_rewrite": pathRewrite = .prefixRewrite(reader.chosenString("prefix_rewrite", rule: .header))
    case "regex_rewrite": pathRewrite = reader.regexMatchAndSubstitute("regex_rewrite").map { .regexRewrite($0) }
    default: break
    }
  }
}

extension DirectResponseAction: ConfigMessage {
  static let typeName = "envoy.config.route.v3.DirectResponseAction"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.integer("status", &status, in: 200...599, isRequired: true)
    reader.message("body", &body)
    reader.unsupported("body_format")
    let limit = reader.context.routeScope.maxDirectResponseBodySizeBytes
    // As in Envoy, a limit of 0 is none.
    if let body, limit > 0, body.bytes.count > limit {
      reader.report(
        "body", "has \(body.bytes.count) bytes",
        allowed: "max_direct_response_body_size_bytes allows \(limit)")
    }
  }
}
