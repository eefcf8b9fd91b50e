/// The configuration in force, as /config_dump shows it.
package struct ConfigDump: Sendable {
  /// A cluster, listener or route configuration.
  package struct Resource: Sendable {
    package var value: AdminJSON
    /// Wall-clock nanoseconds since 1970.
    package var lastUpdatedNanoseconds: Int64

    package init(_ value: AdminJSON, lastUpdatedNanoseconds: Int64) {
      self.value = value
      self.lastUpdatedNanoseconds = lastUpdatedNanoseconds
    }
  }

  package var bootstrap: Resource
  package var clusters: [Resource] = []
  package var listeners: [Resource] = []
  package var routes: [Resource] = []

  package var staticSecrets: [Secret] = []
  package var activeSecrets: [Secret] = []
  /// Those that are not there yet.
  package var warmingSecrets: [Secret] = []

  /// A secret; its keys are not in it.
  package struct Secret: Sendable {
    package var name: String
    package var value: AdminJSON
    /// Wall-clock nanoseconds since 1970; nil for a static one.
    package var lastUpdatedNanoseconds: Int64?
    package var isMissing = false
  }

  package init(bootstrap: Resource) {
    self.bootstrap = bootstrap
  }
}
