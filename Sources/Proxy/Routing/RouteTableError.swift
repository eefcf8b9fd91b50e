import EnvoyConfig

/// A part of a route configuration that cannot be compiled.
package struct RouteTableError: Error, Equatable {
  /// Where it was written.
  package let origin: SourceLocation
  package let message: String
}
