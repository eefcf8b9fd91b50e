extension RBAC.Action: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("ALLOW", 0, .allow), ("DENY", 1, .deny), ("LOG", 2, .log),
  ]
}

extension RBAC: ConfigMessage {
  static let typeName = "envoy.config.rbac.v3.RBAC"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.enumeration("action", &action)
    let context = reader.context
    policies = reader.map("policies").map { entry in
      (name: context.document.text(of: entry.key), policy: context.decode(at: entry.value))
    }.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
    reader.unsupportedUnlessEmpty("audit_logging_options")
  }
}

extension RBAC.Policy: ConfigMessage {
  static let typeName = "envoy.config.rbac.v3.Policy"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    var permissionReaders: [PermissionReader] = []
    reader.messages("permissions", &permissionReaders, minItems: 1)
    permissions = permissionReaders.compactMap(\.value)
    var principalReaders: [PrincipalReader] = []
    reader.messages("principals", &principalReaders, minItems: 1)
    principals = principalReaders.compactMap(\.value)
    reader.unsupported("condition", "checked_condition", "cel_config")
  }
}

/// `envoy.config.rbac.v3.Permission`; nil after an error.
struct PermissionReader: ConfigMessage {
  static let typeName = "envoy.config.rbac.v3.Permission"
  private(set) var value: RBAC.Permission?

  init(from reader: inout MessageReader) {
    let choice = reader.chosen(
      "rule", isRequired: true, of: "and_rules", "or_rules", "any", "header", "url_path", "destination_ip",
      "destination_port", "destination_port_range", "metadata", "sourced_metadata", "not_rule",
      "requested_server_name", unsupported: ["matcher", "uri_template"])
    guard let (name, index) = choice else { return }
    let context = reader.context
    value =
      switch name {
      case "and_rules": .andRules(context.decode(PermissionSet.self, at: index).rules)
      case "or_rules": .orRules(context.decode(PermissionSet.self, at: index).rules)
      case "any": context.rbacAny(at: index).map { _ in .any }
      case "header": context.rbacHeader(at: index).map { .header($0) }
      case "url_path": .urlPath(context.rbacPath(at: index))
      case "destination_ip": .destinationIp(context.decode(at: index))
      case "destination_port": context.integer(at: index, in: 0...UInt16.max).map { .destinationPort($0) }
      case "destination_port_range": context.portRange(at: index).map { .destinationPortRange($0) }
      case "metadata": .metadata(RBAC.SourcedMetadata(context.decode(at: index)))
      case "sourced_metadata": .metadata(context.decode(at: index))
      case "not_rule": context.decode(PermissionReader.self, at: index).value.map { .notRule($0) }
      default: .requestedServerName(context.decode(at: index))
      }
  }

  /// `Permission.Set`.
  struct PermissionSet: ConfigMessage {
    static let typeName = PermissionReader.typeName + ".Set"
    private(set) var rules: [RBAC.Permission] = []

    init(from reader: inout MessageReader) {
      var readers: [PermissionReader] = []
      reader.messages("rules", &readers, minItems: 1)
      rules = readers.compactMap(\.value)
    }
  }
}

extension RBAC.SourcedMetadata.MetadataSource: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("DYNAMIC", 0, .dynamic), ("ROUTE", 1, .route),
  ]
}

extension RBAC.SourcedMetadata: ConfigMessage {
  static let typeName = "envoy.config.rbac.v3.SourcedMetadata"

  init(_ matcher: MetadataMatcher) { metadataMatcher = matcher }

  init(from reader: inout MessageReader) {
    reader.requiredMessage("metadata_matcher", &metadataMatcher)
    reader.enumeration("metadata_source", &metadataSource)
  }
}

extension DecodingContext {
  /// `any` of a permission or principal, which must be true.
  func rbacAny(at index: Int) -> Bool? {
    guard let isAny = bool(at: index) else { return nil }
    if !isAny { report(index, "is false", allowed: "only true is allowed") }
    return isAny ? true : nil
  }

  /// A header, of which there are none outside of HTTP.
  func rbacHeader(at index: Int) -> HeaderMatcher? {
    if isInNetworkFilter {
      report(index, "is not supported by the RBAC network filter", allowed: "a rule on the connection is allowed")
    }
    return decode(at: index)
  }

  /// A path; outside of HTTP no path matches, but Envoy accepts it there.
  func rbacPath(at index: Int) -> StringMatcher { decode(PathMatcherReader.self, at: index).path }

  func portRange(at index: Int) -> Int32Range? {
    let range: Int32Range = decode(at: index)
    if range.start < 0 || range.end > 65_536 || range.start >= range.end {
      report(
        index, "is the range [\(range.start), \(range.end))",
        allowed: "a range in [0, 65536) that is not empty is allowed")
      return nil
    }
    return range
  }
}
