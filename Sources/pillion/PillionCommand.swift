import ArgumentParser

/// `pillion`: without a subcommand it serves, in Envoy's place.
struct PillionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pillion",
    abstract: "A sidecar proxy for one machine that takes Envoy's configuration and behaves like Envoy.",
    version: Version.text,
    subcommands: [RunCommand.self, ValidateCommand.self],
    defaultSubcommand: RunCommand.self)
}
