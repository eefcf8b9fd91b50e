import Glibc
import Logging
import Reactor
import Synchronization

/// The process log: a logger for each of Envoy's components, whose levels can change at any time, and one output.
///
/// A line that cannot be written at once (a reader that has stopped) is dropped: the log never holds up the process.
package final class ProcessLog: Sendable {
  /// One logger's level, shared by all its users.
  final class Component: Sendable {
    let name: String
    private let stored: Atomic<UInt8>

    init(_ name: String, _ level: LogLevel) {
      self.name = name
      stored = Atomic(level.rawValue)
    }

    var level: LogLevel {
      get { LogLevel(rawValue: stored.load(ordering: .relaxed)) ?? .info }
      set { stored.store(newValue.rawValue, ordering: .relaxed) }
    }
  }

  /// Envoy's loggers, in the order in which /logging lists them.
  package static let names = [
    "a2a", "admin", "ai_protocol_manager", "alternate_protocols_cache", "aws", "assert", "backtrace", "basic_auth",
    "cache_filter", "client", "config", "connection", "conn_handler", "compression", "credential_injector",
    "decompression", "dns", "dubbo", "envoy_bug", "ext_authz", "ext_proc", "rocketmq", "file", "filter",
    "forward_proxy", "geolocation", "grpc", "happy_eyeballs", "hc", "health_checker", "http", "http2", "hystrix",
    "init", "io", "jwt", "json_rpc", "kafka", "key_value_store", "lua", "local_rate_limit", "main", "matcher", "mcp",
    "misc", "mongo", "multi_connection", "notification", "oauth2", "quic", "quic_stream", "pool", "rate_limit_quota",
    "rbac", "rds", "redis", "router", "runtime", "stats", "secret", "sse", "tap", "testing", "thrift", "tracing",
    "upstream", "udp", "wasm", "websocket", "golang", "stats_sinks", "dynamic_modules", "ip_tagging",
  ]

  private let components: [Component]
  private let output: Locked<OutputDescriptor>
  private let clock: Clock

  /// - Parameter path: --log-path; standard error without one.
  package init(path: String? = nil, level: LogLevel = .info, clock: Clock) throws(OutputError) {
    components = Self.names.map { Component($0, level) }
    output = Locked(try OutputDescriptor(path: path ?? "/dev/stderr"))
    self.clock = clock
  }

  /// The logger of a component by one of Envoy's names; that of "misc" for any other.
  package func logger(_ name: String) -> Logger {
    let component = component(name) ?? component("misc") ?? components[0]
    return Logger(label: component.name) { _ in LineHandler(log: self, component: component) }
  }

  // MARK: Levels

  package var levels: [(name: String, level: LogLevel)] {
    components.map { ($0.name, $0.level) }
  }

  package func setLevel(_ level: LogLevel) {
    for component in components { component.level = level }
  }

  /// Returns false when there is no such logger.
  package func setLevel(_ level: LogLevel, of name: some StringProtocol) -> Bool {
    guard let component = component(name) else { return false }
    component.level = level
    return true
  }

  private func component(_ name: some StringProtocol) -> Component? {
    components.first { $0.name == name }
  }

  // MARK: Lines

  /// Writes a line in Envoy's form: `[2026-11-21 02:19:20.537][5409][info][main] text`.
  func write(_ level: LogLevel, _ name: String, _ text: String) {
    var line = TextBuffer(capacity: 256)
    line.append("[")
    Self.time.append(clock.wallNanoseconds, to: &line)
    line.append("][\(Self.process)][\(level.name)][\(name)] \(text)\n")
    let view = line.view
    output.withLock { _ = $0.write(view.buffer) }
  }

  private static let time = TimeFormat("%Y-%m-%d %H:%M:%E3S")
  private static let process = getpid()
}
