import EnvoyConfig
import Reactor
import Security

/// A check by a connection: it stands, or it brings the bytes that were asked for.
final class TcpHealthCheckSession: HealthCheckSession {
  /// More than that is not waited for, whatever else is to come.
  private static let maxReceived = 1 << 20

  private let config: TcpHealthCheck
  private var connection: Connection?
  private var received: [UInt8] = []

  init(_ checker: HealthChecker, _ host: Host, _ config: TcpHealthCheck) {
    self.config = config
    super.init(checker, host)
  }

  override func check() {
    received = []
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
    received += bytes.buffer
    if !config.receive.isEmpty, PayloadMatcher.matches(received, config.receive) {
      received = []
      passed()
    } else if received.count > Self.maxReceived {
      closeConnection()
      fail(.network)
    }
    return bytes.count
  }

  /// As Envoy: where nothing is to come there is nothing to keep the connection for.
  private func passed() {
    if config.receive.isEmpty || !checker.info.config.reuseConnection { closeConnection() }
    succeed(degraded: false)
  }

  override func connectionDidClose(_ event: ConnectionCloseEvent) {
    if event == .transportFailure, let session = connection?.transportSocket as? TLSSession {
      checker.main.healthCheckTLS.failed(session, host)
    }
    connection = nil
    fail(.network)
  }

  override func abandonCheck() { closeConnection() }

  override func closeConnection() {
    let connection = connection
    self.connection = nil
    connection?.delegate = nil
    connection?.close(.flushOnce)
  }
}
