/// `envoy.config.core.v3.DataSource`, read when the configuration is loaded, as in Envoy.
package struct DataSource: Sendable {
  package enum Specifier: Sendable {
    case filename(String)
    case inlineBytes
    case inlineString
    case environmentVariable(String)
  }

  package var specifier = Specifier.inlineString
  /// What the source held when it was loaded.
  package var bytes: [UInt8] = []
  package var origin = SourceLocation.none

  package init() {}
}
