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
  /// What network filters say of it; nil until one does.
  var dynamicMetadata: DynamicMetadata?
  /// Why we closed it, as logs say; empty for no such thing.
  var terminationDetails = ""
  private(set) var remoteAddress: SocketAddress?
  private(set) lazy var localAddress: SocketAddress? = connection?.localAddress
  /// In front of the filter chain's last.
  private var filters: [NetworkFilter] = []
  private(set) var hasFilters = false
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

  /// The connection stands, or has begun its handshake.
  func start(on connection: Connection, _ chain: FilterChainInfo, remote: SocketAddress?, _ worker: Worker) {
    self.connection = connection
    remoteAddress = remote
    filters = chain.networkFilters.map { $0.makeFilter(self, worker) }
    hasFilters = !filters.isEmpty
    let timeout = chain.transportSocketConnectTimeout
    if timeout > 0, transport != nil { timer.arm(connection.loop, self, id: 0, after: timeout) }
  }

  override func timerFired(_ id: UInt8) {
    terminationDetails = "transport socket timeout was reached"
    listener?.countTransportSocketConnectTimeout()
    connection?.close(.noFlush)
  }

  // MARK: Network filters

  /// Whether the filter chain's last filter sees what came; where not, it stays with the connection, if that goes on.
  func passes(_ bytes: ByteView, endStream: Bool) -> Bool {
    for filter in filters where filter.onData(bytes, endStream: endStream) == .stopIteration { return false }
    return true
  }

  func close() { connection?.close(.noFlush) }

  /// For good: what follows is the close.
  func stopReading() { connection?.readDisable(true) }

  // MARK: Ends

  /// The handshake is done.
  func connected() {
    timer.disarm()
    isConnected = true
    if let tls { workerTLS?.countHandshake(tls) }
  }

  /// The connection is over.
  func closed(_ event: ConnectionCloseEvent) {
    timer.disarm()
    for filter in filters { filter.onClose() }
    filters = []
    failure = TransportFailure(event, transport, established: isConnected)
    if event == .transportFailure, let tls { workerTLS?.countFailure(tls) }
  }
}
