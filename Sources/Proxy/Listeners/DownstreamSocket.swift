import Reactor
import Security

/// What is known of an accepted connection beside its bytes (Envoy's ConnectionSocket and its TLS): what listener filters
/// saw before its filter chain was chosen, and the TLS session after it. A plain connection of a listener without listener
/// filters has none.
final class DownstreamSocket: EventHandler {
  /// As a listener filter saw it, in lower case; empty for none.
  let serverName: [UInt8]
  /// Why the first bytes were no ClientHello, where somebody looked.
  let inspectionFailure: ClientHello.Failure?
  /// The connection's TLS; nil for plain text.
  private(set) var tls: TLSSession?
  /// Whether its filter chain speaks TLS, even where the secrets for that are missing.
  private(set) var isSecure = false
  /// transport_socket_connect_timeout was over before the handshake was.
  private(set) var hasTimedOut = false
  private var transport: TransportSocket?
  private var isConnected = false
  private var failure = TransportFailure.none
  private var workerTLS: WorkerTLS?
  private var listener: WorkerListener?
  private weak var connection: Connection?
  private var timer = Timer()

  init(serverName: [UInt8] = [], inspectionFailure: ClientHello.Failure? = nil) {
    self.serverName = serverName
    self.inspectionFailure = inspectionFailure
    super.init()
  }

  /// Why TLS failed, or was never there; empty for no such thing. As in Envoy a peer that goes is no failure.
  var failureReason: String {
    if case .tls(let text) = failure, !text.isEmpty { return text }
    return inspectionFailure.map { "\($0.reason)" } ?? ""
  }

  // MARK: Handshake

  /// What the connection is to speak TLS with.
  func makeTransport(
    _ tls: WorkerTLS, _ listener: WorkerListener, local: () -> SocketAddress?, remote: SocketAddress?
  ) -> TransportSocket {
    var options = TLSSessionOptions()
    options.logsKeys = tls.factory.logsKeys(local: local, remote: remote)
    let transport = tls.makeSocket(options)
    self.transport = transport
    self.tls = transport as? TLSSession
    self.listener = listener
    isSecure = self.tls != nil
    workerTLS = tls
    return transport
  }

  /// The connection has begun its handshake.
  /// - Parameter timeout: nanoseconds that it may take; 0 for any time.
  func start(on connection: Connection, timeout: Int64) {
    self.connection = connection
    guard timeout > 0, transport != nil else { return }
    timer.arm(connection.loop, self, id: 0, after: timeout)
  }

  override func timerFired(_ id: UInt8) {
    hasTimedOut = true
    listener?.countTransportSocketConnectTimeout()
    connection?.close(.noFlush)
  }

  /// The handshake is done.
  func connected() {
    timer.disarm()
    isConnected = true
    if let tls { workerTLS?.countHandshake(tls) }
  }

  /// The connection is over.
  func closed(_ event: ConnectionCloseEvent) {
    timer.disarm()
    failure = TransportFailure(event, transport, established: isConnected)
    if event == .transportFailure, let tls { workerTLS?.countFailure(tls) }
  }
}
