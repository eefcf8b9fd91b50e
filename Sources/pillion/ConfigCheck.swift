import ArgumentParser
import EnvoyConfig
import Proxy
import Reactor
import Telemetry

/// Checking configurations, as serving would.
enum ConfigCheck {
  /// Prints a line a file that is fine, and all errors of the others.
  /// - Throws: exit code 1 where one is refused.
  static func validate(_ sources: [ConfigSource]) throws {
    var refused = false
    for source in sources {
      switch load(source) {
      case .success: print("configuration '\(source.name)' OK")
      case .failure(let errors):
        refused = true
        Console.error("\(errors)\n")
      }
    }
    if refused { throw ExitCode(1) }
  }

  /// Decodes and compiles the configuration, without opening a socket.
  static func load(_ source: ConfigSource) -> Result<Bootstrap, ConfigErrors> {
    loadBootstrap(source, checks: ProxyChecks.all).flatMap { bootstrap in
      var compiler = SnapshotCompiler(bootstrap, concurrency: 1, store: StatsStore(), localAddress: [])
      do throws(ConfigErrors) {
        _ = try compiler.compile(listeningOn: bootstrap.staticResources.listeners.map { _ in .unspecified })
        return .success(bootstrap)
      } catch {
        return .failure(error)
      }
    }
  }
}

extension ConfigSource {
  var name: String {
    switch self {
    case .file(let path): path
    case .inlineYAML: "<inline>"
    }
  }
}
