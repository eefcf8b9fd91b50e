import ArgumentParser
import Glibc

/// `pillion`: without a subcommand it serves, in Envoy's place.
struct PillionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pillion",
    abstract: "A sidecar proxy for one machine that takes Envoy's configuration and behaves like Envoy.",
    version: Version.text,
    subcommands: [RunCommand.self, ValidateCommand.self, ExecCommand.self, DoctorCommand.self, CACommand.self],
    defaultSubcommand: RunCommand.self)

  private static let wrongUsage: Int32 = 2

  /// Does what the command line says and ends the process: with 0 when all is fine, 1 when a configuration is refused,
  /// 2 for a command line that is wrong.
  static func runAndExit() -> Never {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      if code == .success {
        print(message)
      } else if !message.isEmpty {
        Console.error(message + "\n")
      }
      Glibc.exit(code == .validationFailure ? wrongUsage : code.rawValue)
    }
    Glibc.exit(EXIT_SUCCESS)
  }
}
