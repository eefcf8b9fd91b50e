/// `envoy.config.rbac.v3.Principal`; nil after an error.
struct PrincipalReader: ConfigMessage {
  static let typeName = "envoy.config.rbac.v3.Principal"
  private(set) var value: RBAC.Principal?

  init(from reader: inout MessageReader) {
    let choice = reader.chosen(
      "identifier", isRequired: true, of: "and_ids", "or_ids", "any", "authenticated", "source_ip",
      "direct_remote_ip", "remote_ip", "header", "url_path", "metadata", "sourced_metadata", "not_id",
      unsupported: ["filter_state", "custom"])
    guard let (name, index) = choice else { return }
    let context = reader.context
    value =
      switch name {
      case "and_ids": .andIds(context.decode(PrincipalSet.self, at: index).ids)
      case "or_ids": .orIds(context.decode(PrincipalSet.self, at: index).ids)
      case "any": context.rbacAny(at: index).map { _ in .any }
      case "authenticated": .authenticated(principalName: context.decode(Authenticated.self, at: index).principalName)
      case "source_ip": .sourceIp(context.decode(at: index))
      case "direct_remote_ip": .directRemoteIp(context.decode(at: index))
      case "remote_ip": .remoteIp(context.decode(at: index))
      case "header": context.rbacHeader(at: index).map { .header($0) }
      case "url_path": .urlPath(context.rbacPath(at: index))
      case "metadata": .metadata(RBAC.SourcedMetadata(context.decode(at: index)))
      case "sourced_metadata": .metadata(context.decode(at: index))
      default: context.decode(PrincipalReader.self, at: index).value.map { .notId($0) }
      }
  }

  /// `Principal.Set`.
  struct PrincipalSet: ConfigMessage {
    static let typeName = PrincipalReader.typeName + ".Set"
    private(set) var ids: [RBAC.Principal] = []

    init(from reader: inout MessageReader) {
      var readers: [PrincipalReader] = []
      reader.messages("ids", &readers, minItems: 1)
      ids = readers.compactMap(\.value)
    }
  }

  /// `Principal.Authenticated`.
  struct Authenticated: ConfigMessage {
    static let typeName = PrincipalReader.typeName + ".Authenticated"
    private(set) var principalName: StringMatcher?

    init(from reader: inout MessageReader) { reader.message("principal_name", &principalName) }
  }
}
