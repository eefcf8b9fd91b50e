import ArgumentParser
import EnvoyConfig
import Proxy
import Telemetry

extension DrainStrategy: ExpressibleByArgument {}

/// Envoy's flags, under Envoy's names.
struct ServeOptions: ParsableArguments {
  enum Mode: String, ExpressibleByArgument, CaseIterable { case serve, validate }

  @Option(name: [.customShort("c"), .customLong("config-path")], help: "Path to the bootstrap file (JSON or YAML).")
  var configPath: String?

  @Option(help: "Bootstrap as YAML text, in place of a file.")
  var configYaml: String?

  @Option(help: "serve, or validate: check the configuration and exit.")
  var mode = Mode.serve

  @Option(help: "Worker threads.")
  var concurrency = 1

  @Option(
    name: [.customShort("l"), .long],
    help: "Log level: trace, debug, info, warning, error, critical or off.")
  var logLevel = "info"

  @Option(help: "File to log to, in place of standard error.")
  var logPath: String?

  @Option(help: "Seconds that requests under way have to finish after SIGTERM.")
  var drainTimeS = 600

  @Option(help: "Of the responses during /drain_listeners?graceful, how many close their connection.")
  var drainStrategy = DrainStrategy.gradual

  @Option(help: "Accepted for Envoy's sake; there is no hot restart.")
  var parentShutdownTimeS = 900

  @Option(help: "Cluster name of this node, in place of the file's.")
  var serviceCluster = ""

  @Option(help: "Id of this node, in place of the file's.")
  var serviceNode = ""

  @Option(help: "Zone of this node, in place of the file's.")
  var serviceZone = ""

  @Option(help: "Accepted for Envoy's sake; there is no hot restart.")
  var baseId = 0

  @Flag(help: "Accepted for Envoy's sake; there is no hot restart.")
  var useDynamicBaseId = false

  @Flag(help: "Accepted for Envoy's sake; there is no hot restart.")
  var disableHotRestart = false

  @Option(help: "File to write the admin interface's address to.")
  var adminAddressPath: String?

  @Option(help: "Milliseconds after which access logs are written at the latest.")
  var fileFlushIntervalMsec = 10_000

  func validate() throws {
    guard concurrency >= 1, concurrency <= 1024 else {
      throw ValidationError("--concurrency is the number of worker threads, 1 to 1024; got \(concurrency).")
    }
    if configPath != nil, configYaml != nil {
      throw ValidationError("--config-yaml merged over --config-path is not supported yet; give one of the two.")
    }
    // Envoy's bounds: 32 bits. In nanoseconds they are far from an overflow.
    let limit = Int(UInt32.max)
    guard drainTimeS >= 0, drainTimeS <= limit else {
      throw ValidationError("--drain-time-s is a number of seconds, 0 to \(limit); got \(drainTimeS).")
    }
    guard fileFlushIntervalMsec > 0, fileFlushIntervalMsec <= limit else {
      throw ValidationError(
        "--file-flush-interval-msec is a number of milliseconds, 1 to \(limit); got \(fileFlushIntervalMsec).")
    }
    guard LogLevel(logLevel) != nil else {
      let levels = LogLevel.allCases.map(\.name).joined(separator: ", ")
      throw ValidationError("--log-level '\(logLevel)' is none of \(levels).")
    }
  }

  /// The node that the file describes, as the flags change it.
  func apply(to node: inout Node) {
    if !serviceCluster.isEmpty { node.cluster = serviceCluster }
    if !serviceNode.isEmpty { node.id = serviceNode }
    if !serviceZone.isEmpty { node.locality.zone = serviceZone }
  }

  /// Where the configuration is; nil where neither flag says so.
  var source: ConfigSource? {
    if let configPath { return .file(path: configPath) }
    return configYaml.map { .inlineYAML($0) }
  }
}
