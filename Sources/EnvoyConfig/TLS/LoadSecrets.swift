/// Reads and decodes a file of secrets: a `DiscoveryResponse` whose resources are of the type `Secret`, as Envoy reads it for
/// a `path_config_source`. The files that the secrets name are read too, at once.
package func loadSecrets(path: String, checks: ConfigChecks = ConfigChecks()) throws(ConfigErrors) -> [Secret] {
  // They are read while the proxy serves: a pipe would keep it waiting.
  try decodeDocument(.file(path: path), checks, isRegularOnly: true) { context in
    context.decode(DiscoveryResponse.self, at: 0).secrets
  }.get()
}

/// `envoy.service.discovery.v3.DiscoveryResponse` of secrets.
struct DiscoveryResponse: ConfigMessage {
  static let typeName = "envoy.service.discovery.v3.DiscoveryResponse"
  private(set) var secrets: [Secret] = []

  init(from reader: inout MessageReader) {
    // Of control planes only.
    reader.withoutEffect(.string, "version_info", "type_url", "nonce")
    reader.withoutEffect(.bool, "canary")
    reader.withoutEffect(.object, "control_plane")
    reader.withoutEffect(.objects, "resource_errors")
    let context = reader.context
    let kinds = [AnyKind(Secret.self) { $0 }]
    secrets = reader.elements("resources").compactMap { context.any(at: $0, kinds) }
  }
}
