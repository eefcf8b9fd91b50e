/// One thing that is wrong with a configuration.
package struct ConfigError: Error, Sendable, Equatable, CustomStringConvertible {
  package let location: SourceLocation
  /// The full path of the field, as `static_resources.clusters[2].connect_timeout`; empty for the file as a whole.
  package let path: String
  /// What is wrong.
  package let problem: String
  /// What is allowed; empty where the problem says it all.
  package let allowed: String

  package init(location: SourceLocation, path: String, problem: String, allowed: String = "") {
    self.location = location
    self.path = path
    self.problem = problem
    self.allowed = allowed
  }

  /// About a node of a document.
  package init(_ node: DocumentNode, problem: String, allowed: String = "") {
    self.init(location: node.location, path: node.path, problem: problem, allowed: allowed)
  }

  /// `FILE:LINE:COL: full.path[2].to.field: what is wrong; what is allowed`, without the parts that there are not.
  package var description: String {
    var text = location.line > 0 ? "\(location)" : location.file
    if !path.isEmpty { text += ": " + path }
    text += ": " + problem
    if !allowed.isEmpty { text += "; " + allowed }
    return text
  }
}

/// All that is wrong with a configuration, in the order of the text. Never empty.
package struct ConfigErrors: Error, Sendable, CustomStringConvertible {
  package let errors: [ConfigError]

  package init(_ errors: [ConfigError]) {
    self.errors = errors.sorted { left, right in
      (left.location.file, left.location.line, left.location.column, left.path)
        < (right.location.file, right.location.line, right.location.column, right.path)
    }
  }

  /// A line an error, without a newline at the end.
  package var description: String { errors.map(\.description).joined(separator: "\n") }
}
