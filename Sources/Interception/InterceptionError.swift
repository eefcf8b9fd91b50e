/// Why the app was not started.
package struct InterceptionError: Error, Equatable, CustomStringConvertible {
  package let description: String
  /// 125, or as shells do 126 and 127 where the app cannot be run.
  package let exitCode: Int32

  package init(_ description: String, exitCode: Int32 = InterceptionError.failed) {
    self.description = description
    self.exitCode = exitCode
  }

  /// As `env`, `timeout` and the like: what failed is not the app.
  package static let failed: Int32 = 125
}
