import ArgumentParser
import Interception

extension InterceptionMode: ExpressibleByArgument {}
extension OutboundTrafficPolicy: ExpressibleByArgument {}
extension NamespaceVariant: ExpressibleByArgument {}

extension HostPort: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}
extension DatagramPolicy: ExpressibleByArgument {}

extension AppVariable: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

/// The app beside the proxy: `pillion run -c FILE -- APP ARGUMENT…`.
struct AppOptions: ParsableArguments {
  @Option(help: "How the app's connections come to the proxy: auto, namespace, trap, explicit, rootful, or off.")
  var intercept = InterceptionMode.auto

  @Option(
    help: """
      How connections are captured in a namespace, in place of the first of these that works: tproxy, \
      tproxy-without-socket, redirect, or anyip.
      """)
  var interceptVariant: NamespaceVariant?

  @Flag(help: "With --intercept rootful: lay the rules and run the app, as root; without it they are printed.")
  var apply = false

  @Option(help: "Names and addresses that the configuration does not know: allow-any, or registry-only.")
  var outbound = OutboundTrafficPolicy.allowAny

  @Option(help: "The app's datagrams that are no DNS: relay (from its namespace to where they go), or refuse.")
  var udp = DatagramPolicy.refuse

  @Option(
    name: .customLong("host-port"),
    help: ArgumentHelp(
      "A port of the host's 127.0.0.1 that the app may use, or auto: whatever listens there; may be repeated.",
      valueName: "port"))
  var hostPorts: [HostPort] = []

  @Option(
    name: .customLong("env"),
    help: ArgumentHelp(
      """
      A variable of the app's environment; may be repeated. {name:port} in its value is where the app reaches that name: \
      with --intercept explicit a port of 127.0.0.1, else the name itself.
      """, valueName: "name=value"))
  var variables: [AppVariable] = []

  @Option(help: "Name of the app for 'pillion exec', in place of its program's.")
  var name = ""

  @Option(help: "Seconds from SIGTERM until the app is killed.")
  var terminationGracePeriodS = 30

  @Argument(parsing: .postTerminator, help: ArgumentHelp("The app and its arguments, behind --.", valueName: "app"))
  var command: [String] = []

  func validate() throws {
    guard !apply || intercept == .rootful && !command.isEmpty else {
      throw ValidationError("--apply is for --intercept rootful, and an app behind --.")
    }
    guard interceptVariant == nil || intercept == .auto || intercept == .namespace else {
      throw ValidationError("--intercept-variant is for --intercept namespace.")
    }
    guard terminationGracePeriodS >= 0, terminationGracePeriodS <= Int(UInt32.max) else {
      throw ValidationError("--termination-grace-period-s is a number of seconds; got \(terminationGracePeriodS).")
    }
    guard udp == .refuse || intercept == .auto || intercept == .namespace else {
      throw ValidationError("--udp relay is for --intercept namespace.")
    }
    guard hostPorts.count <= 128 else {
      throw ValidationError("--host-port is a port, 1 to 65535, or auto, at most 128 times.")
    }
    guard variables.reduce(0, { $0 + $1.targets.count }) <= 128 else {
      throw ValidationError("--env names {name:port} at most 128 times.")
    }
  }

  /// Whether all that is wanted is to see the rules.
  var onlyPrintsRules: Bool { intercept == .rootful && !apply }

  /// Nil where there is no app.
  var interception: Interception.Options? {
    if command.isEmpty { return nil }
    var options = Interception.Options(command: command)
    options.mode = intercept
    options.variant = interceptVariant
    options.outbound = outbound
    options.hostPorts = hostPorts
    options.variables = variables
    options.udp = udp
    options.name = name
    options.graceSeconds = terminationGracePeriodS
    return options
  }
}
