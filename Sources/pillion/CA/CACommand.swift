import ArgumentParser
import Security

/// `pillion ca …`: what istiod's certificate authority is in the cluster.
struct CACommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ca", abstract: "A certificate authority for this machine's mesh: SPIFFE identities for mTLS.",
    subcommands: [
      CAInitCommand.self, CAIssueCommand.self, CAShowCommand.self, CARotateCommand.self,
      CARotateIntermediateCommand.self, CARotateRootCommand.self,
    ])
}

/// Where the authority is.
struct CAFolderOption: ParsableArguments {
  @Option(name: .customLong("ca"), help: "Folder of the authority.")
  var path = "ca"

  var folder: CAFolder { CAFolder(path) }
}

/// Errors that are not the command line's: what is told, and the exit code.
func failing<R>(_ body: () throws -> R) throws -> R {
  do {
    return try body()
  } catch let error as CAFileError {
    Console.error("\(error)\n")
    throw ExitCode(1)
  }
}
