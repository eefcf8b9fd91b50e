import Admin
import EnvoyConfig
import Glibc
import Interception
import Proxy
import Reactor
import Telemetry

/// From the command line's options to a running proxy, step by step: whatever fails says so and gives the exit code.
struct Serving {
  private let options: ServeOptions
  private let source: ConfigSource
  private let app: Interception.Options?

  /// - Parameter app: what runs beside the proxy; nil for nothing.
  init(_ options: ServeOptions, _ source: ConfigSource, app: Interception.Options? = nil) {
    self.options = options
    self.source = source
    self.app = app
  }

  /// Serves until the end. Returns the exit code: 0 fine, 1 refused.
  func run() -> Int32 {
    do {
      let log = try ProcessLog(
        path: options.logPath, level: LogLevel(options.logLevel) ?? .info, clock: .system)
      var bootstrap = try loadBootstrap(source, checks: ProxyChecks.all).get()
      options.apply(to: &bootstrap.node)
      let interception = try app.map { try Interception(bootstrap, $0) }
      return try serve(bootstrap, interception, log)
    } catch let errors as ConfigErrors {
      return refuse("\(errors)")
    } catch let error as InterceptionError {
      Console.error("pillion: \(error)\n")
      return error.exitCode
    } catch {
      return refuse("\(error)")
    }
  }

  private func refuse(_ reason: String) -> Int32 {
    Console.error(reason + "\n")
    return 1
  }

  private func serve(_ configured: Bootstrap, _ interception: Interception?, _ log: ProcessLog) throws -> Int32 {
    // While the agent prepares the namespace, all else is: what the configuration refuses comes first.
    let store = StatsStore()
    try interception?.prepare { Console.error("pillion: \($0)\n") }
    let bootstrap = interception?.bootstrap ?? configured
    var sockets: [ListenerSockets] = []
    for listener in bootstrap.staticResources.listeners { sockets.append(try bind(listener, interception)) }
    var compiler = SnapshotCompiler(
      bootstrap, concurrency: options.concurrency, store: store, localAddress: LocalAddress.text)
    interception?.apply(to: &compiler)
    let snapshot = try compiler.compile(listeningOn: sockets.map(\.address))
    var server = ServerOptions()
    server.concurrency = options.concurrency
    server.versionNumber = Version.number
    server.drainTimeSeconds = options.drainTimeS
    server.drainStrategy = options.drainStrategy
    server.fileFlushIntervalMilliseconds = options.fileFlushIntervalMsec
    let main = try MainLoop(
      EventLoop(), snapshot, sockets: sockets, options: server, log: log.logger("main"))
    let admin = try startAdmin(main, log)
    try interception?.attach(to: main)
    try main.start { interception?.start() }
    main.loop.run()
    main.shutDown()
    let code = withExtendedLifetime(admin) { main.exitCode }
    guard let interception else { return code }
    let appCode = try interception.finish()
    return code == 0 ? appCode : code
  }

  /// The admin interface, where the configuration has one.
  private func startAdmin(_ main: MainLoop, _ log: ProcessLog) throws -> AdminServer? {
    guard let config = main.snapshot.bootstrap.admin, let wanted = config.address else { return nil }
    let target = ProxyTarget(main, log: log, options: options.asAdminShows, version: Version.text)
    guard let address = SocketAddress(wanted) else { return nil }
    do {
      let admin = try AdminServer(main.loop, on: address, AdminHandler(target: target))
      if let path = options.adminAddressPath { try TextFile.write("\(admin.address)", to: path) }
      return admin
    } catch {
      throw ConfigErrors([
        ConfigError(
          location: config.origin, path: "admin.address", problem: "cannot bind \(address): \(error.reason)",
          allowed: "choose a free address of this machine")
      ])
    }
  }

  private func bind(_ listener: Listener, _ interception: Interception?) throws(ConfigErrors) -> ListenerSockets {
    do throws(SystemError) {
      if let sockets = interception?.captureSockets(of: listener) {
        return try ListenerSockets(listener, concurrency: options.concurrency, using: sockets.numbers)
      }
      return try ListenerSockets(listener, concurrency: options.concurrency)
    } catch {
      throw ConfigErrors([
        ConfigError(
          location: listener.origin, path: "listener '\(listener.name)'",
          problem: "cannot bind \(SocketAddress(listener.address)?.description ?? "its address"): \(error.reason)",
          allowed: "choose a free address of this machine")
      ])
    }
  }
}
