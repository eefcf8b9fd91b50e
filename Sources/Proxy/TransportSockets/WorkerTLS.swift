import Reactor
import Security
import Telemetry

/// A TLS transport socket on one worker: makes the sessions and counts what becomes of them.
final class WorkerTLS {
  let factory: TLSSocketFactory
  private let buffers: TLSBuffers
  private let shard: StatsShard
  private var ciphers: NamedCounters
  private var curves: NamedCounters
  private var signatureAlgorithms: NamedCounters
  private var versions: NamedCounters

  init(_ factory: TLSSocketFactory, _ buffers: TLSBuffers, _ shard: StatsShard) {
    self.factory = factory
    self.buffers = buffers
    self.shard = shard
    ciphers = NamedCounters(factory.scope.scope("ciphers."))
    curves = NamedCounters(factory.scope.scope("curves."))
    signatureAlgorithms = NamedCounters(factory.scope.scope("sigalgs."))
    versions = NamedCounters(factory.scope.scope("versions."))
  }

  /// What a connection speaks TLS with; one that fails, and is counted, while the secrets are not there.
  func makeSocket(_ options: TLSSessionOptions) -> TransportSocket {
    if let context = factory.slot.context { return context.makeSession(buffers, options) }
    switch factory.config {
    case .server: shard.increment(factory.factoryStats[.downstreamContextSecretsNotReady])
    case .client: shard.increment(factory.factoryStats[.upstreamContextSecretsNotReady])
    }
    return NotReadySocket(speaksFirst: true)
  }

  /// What a connection to an upstream host speaks TLS with.
  func makeSocket(
    to host: Host, _ options: UpstreamTransportOptions?, alpn: [String]
  ) -> TransportSocket {
    guard case .client(let config) = factory.config else { return NotReadySocket(speaksFirst: true) }
    var session = TLSSessionOptions(config, host, options, alpn: alpn)
    session.logsKeys = factory.logsKeys(local: { nil }, remote: host.address)
    return makeSocket(session)
  }

  /// The handshake is done.
  func countHandshake(_ session: TLSSession) {
    shard.increment(factory.stats[.handshake])
    if session.isResumed { shard.increment(factory.stats[.sessionReused]) }
    if session.peer == nil { shard.increment(factory.stats[.noCertificate]) }
    // ACCEPT_UNTRUSTED has let it pass.
    if let failure = session.verificationFailure { count(failure.counter) }
    shard.increment(ciphers.id(session.cipherName))
    shard.increment(versions.id(session.version))
    shard.increment(curves.id(session.curveName))
    shard.increment(signatureAlgorithms.id(session.peerSignatureAlgorithm))
  }

  /// The connection is over: counts what has failed, in the handshake or later.
  func countFailure(_ session: TLSSession) {
    if let counter = session.failure?.counter { count(counter) }
  }

  private func count(_ counter: TLSFailure.Counter) {
    let stat: TLSStat =
      switch counter {
      case .connectionError: .connectionError
      case .failVerifyCertHash: .failVerifyCertHash
      case .failVerifyError: .failVerifyError
      case .failVerifyNoCert: .failVerifyNoCert
      case .failVerifySan: .failVerifySan
      }
    shard.increment(factory.stats[stat])
  }
}

/// Stands where the secrets of a TLS transport socket are not there (yet): ends its connection as soon as it stands
/// (Envoy's NotReadySslSocket).
private final class NotReadySocket: TransportSocket {
  override var failureReason: String { "TLS error: Secret is not supplied by SDS" }

  override func handshake() -> HandshakeProgress {
    hasFailed = true
    return .failed
  }
}

/// Counters that exist once their name was met; asked of the store only once. Names come from our TLS library's own lists,
/// so there are few.
private struct NamedCounters {
  private let scope: StatsScope
  private var known: [String: StatID] = [:]

  init(_ scope: StatsScope) { self.scope = scope }

  /// The counter of a name; none counts for an empty one.
  mutating func id(_ name: String) -> StatID {
    if name.isEmpty { return .discarded }
    if let id = known[name] { return id }
    let id = scope.counter(name)
    known[name] = id
    return id
  }
}
