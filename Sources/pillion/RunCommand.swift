import ArgumentParser
import EnvoyConfig
import Glibc
import Interception
import Proxy
import Reactor
import Telemetry

/// `pillion run`: serves until a signal or the admin interface ends it.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Serve: load the configuration and proxy until SIGTERM (the default).",
    discussion: """
      With an app behind --, run it once the proxy serves, have its connections come to the proxy (--intercept), and end
      with it, and with its exit code.
      """)

  @OptionGroup var options: ServeOptions
  @OptionGroup var app: AppOptions

  func run() throws {
    if app.onlyPrintsRules { return print(RootfulRules(app.outbound)) }
    guard let source = options.source else {
      throw ValidationError("At least one of --config-path or --config-yaml is needed.")
    }
    if options.mode == .validate { return try ConfigCheck.validate([source]) }
    let code = Serving(options, source, app: app.interception).run()
    if code != 0 { throw ExitCode(code) }
  }
}
