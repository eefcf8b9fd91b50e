import ArgumentParser
import EnvoyConfig
import Reactor

/// `pillion validate FILE…`: checks without serving.
struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check configuration files and say what is wrong, with file, line and column.")

  @Argument(help: "Bootstrap files (JSON or YAML).")
  var files: [String]

  func run() throws { try ConfigCheck.validate(files.map { .file(path: $0) }) }
}
