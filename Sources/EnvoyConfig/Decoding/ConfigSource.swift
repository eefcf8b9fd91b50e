/// Where a configuration text comes from.
package enum ConfigSource: Sendable {
  /// A file: YAML when its name ends in `.yaml` or `.yml`, JSON otherwise, as Envoy has it.
  case file(path: String)
  /// The text of `--config-yaml`.
  case inlineYAML(String)
}

/// What is wrong with one text, as somebody else than the decoder sees it.
package struct ConfigProblem: Sendable {
  package var problem: String
  package var allowed: String

  package init(_ problem: String, allowed: String = "") {
    self.problem = problem
    self.allowed = allowed
  }
}

/// Checks that other floors lend to the decoder, so that what they find is told with the place in the file.
package struct ConfigChecks: Sendable {
  /// A format string of an access log, a local reply or a header value (`%OPERATORS%`); nil when it is right.
  package var format: @Sendable (String) -> ConfigProblem?
  /// A file that an access log is to write; nil when it can.
  package var logPath: @Sendable (String) -> ConfigProblem?

  package init(
    format: @escaping @Sendable (String) -> ConfigProblem? = { _ in nil },
    logPath: @escaping @Sendable (String) -> ConfigProblem? = { _ in nil }
  ) {
    self.format = format
    self.logPath = logPath
  }
}
