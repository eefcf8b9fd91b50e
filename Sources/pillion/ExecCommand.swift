import ArgumentParser
import Interception

/// `pillion exec NAME -- COMMAND`: a command where an app runs.
struct ExecCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Run a command in the network of an app that `pillion run -- APP` has started.")

  @Argument(help: "The app's name (--name, or its program's), or its agent's process id.")
  var name: String

  @Argument(parsing: .postTerminator, help: ArgumentHelp("The command, behind --.", valueName: "command"))
  var command: [String] = []

  func run() throws {
    if command.isEmpty { throw ValidationError("A command is needed behind --.") }
    let found = RunningAgents.named(name)
    guard let agent = found.first, found.count == 1 else {
      Console.error("pillion: \(problem(found))\n")
      throw ExitCode(InterceptionError.failed)
    }
    try RunningAgents.execute(command, beside: agent)
  }

  private func problem(_ found: [RunningAgents.Found]) -> String {
    if !found.isEmpty {
      return "\(found.count) apps are called '\(name)': name one of the processes "
        + found.map { "\($0.pid)" }.joined(separator: ", ")
    }
    let names = Set(RunningAgents.all().map(\.name)).sorted().joined(separator: ", ")
    return "no app is called '\(name)'" + (names.isEmpty ? "; none runs" : "; there are: \(names)")
  }
}
