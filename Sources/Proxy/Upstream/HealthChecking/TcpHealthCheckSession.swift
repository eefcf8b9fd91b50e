import EnvoyConfig
import Reactor
import Security

/// A check by a connection: it stands, or it brings the bytes that were asked for.
final class TcpHealthCheckSession: HealthCheckSession {
  private let config: TcpHealthCheck
  private var connection: Connection?
  private var matcher: PayloadMatcher

  init(_ checker: HealthChecker, _ host: Host, _ config: TcpHealthCheck) {
    self.config = config
    matcher = PayloadMatcher(config.receive)
    super.init(checker, host)
  }

  override func check() {
    matcher = PayloadMatcher(config.receive)
    if let connection { return send(on: connection) }
    do {
      let connection = try connect(delegate: self)
      self.connection = connection
      send(on: connection)
    } catch {
      fail(.network)
    }
  }

  private func send(on connection: Connection) {
    config.send.withUnsafeBytes { connection.write(ByteView($0)) }
  }

  override func connectionDidConnect() {
    if let session = connection?.transportSocket as? TLSSession { checker.main.healthCheckTLS.connected(session, host) }
    if config.receive.isEmpty { passed() }
  }

  override func connectionReceived(_ bytes: ByteView) -> Int {
    if !config.receive.isEmpty, matcher.take(bytes) { passed() }
    return bytes.count
  }

  /// As Envoy: where nothing is to come there is nothing to keep the connection for.
  private func passed() {
    if config.receive.isEmpty || !checker.info.config.reuseConnection { closeConnection() }
    succeed(degraded: false)
  }

  /// As Envoy: also between two checks.
  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    if event == .transportFailure, let session = connection?.transportSocket as? TLSSession {
      checker.main.healthCheckTLS.failed(session, host)
    }
    connection = nil
    fail(.network, betweenChecks: true)
  }

  override func abandonCheck() { closeConnection() }

  override func closeConnection() {
    let connection = connection
    self.connection = nil
    connection?.delegate = nil
    connection?.close(.flushOnce)
  }
}
