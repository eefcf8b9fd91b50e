/// A place in a configuration text: which file, and the line and column (both from 1; columns count characters) of
/// the first character meant.
package struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
  /// The file's path as it was given, or `<inline>` for text from `--config-yaml`.
  package let file: String
  package let line: Int
  package let column: Int

  package init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  /// Of a value that no text wrote: one made by code, or a default.
  package static let none = SourceLocation(file: "", line: 0, column: 0)

  package var description: String { self == .none ? "<no file>" : "\(file):\(line):\(column)" }
}
