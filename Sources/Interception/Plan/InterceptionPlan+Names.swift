import EnvoyConfig

/// Names that interception gives away itself.
extension InterceptionPlan {
  private static let listeners: Set = [defaultListener, CapturedOutbound.hostListener, requestListener]

  /// Listeners and clusters of the configuration that have such a name.
  static func reservedNames(in bootstrap: Bootstrap) -> [ConfigError] {
    let resources = bootstrap.staticResources
    let listeners = resources.listeners.filter {
      Self.listeners.contains($0.name) || $0.name.hasPrefix(portListenerPrefix)
    }
    let clusters = resources.clusters.filter { $0.name == passthroughCluster }
    return listeners.map { taken("listener", $0.name, $0.origin) }
      + clusters.map { taken("cluster", $0.name, $0.origin) }
  }

  private static func taken(_ kind: String, _ name: String, _ origin: SourceLocation) -> ConfigError {
    ConfigError(
      location: origin, path: "\(kind) '\(name)'",
      problem: "pillion run -- APP adds a \(kind) of this name itself", allowed: "give it another name")
  }
}
