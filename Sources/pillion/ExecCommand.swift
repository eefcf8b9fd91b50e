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
    let joinable = found.filter { !$0.isOnHost }
    guard let agent = joinable.first, joinable.count == 1 else {
      Console.error("pillion: \(problem(found))\n")
      throw ExitCode(InterceptionError.failed)
    }
    try RunningAgents.execute(command, beside: agent)
  }

  private func problem(_ found: [RunningAgents.Found]) -> String {
    if !found.isEmpty, found.allSatisfy(\.isOnHost) {
      return
        "'\(name)' runs on the host, in no namespace of its own: there is nothing to join, the command can simply be run"
    }
    if !found.isEmpty {
      return "\(found.count) apps are called '\(name)': name one of the processes "
        + found.map { "\($0.pid)" }.joined(separator: ", ")
    }
    let names = Set(RunningAgents.all().filter { !$0.isOnHost }.map(\.name)).sorted().joined(separator: ", ")
    return "no app is called '\(name)'" + (names.isEmpty ? "; none runs" : "; there are: \(names)")
  }
}
