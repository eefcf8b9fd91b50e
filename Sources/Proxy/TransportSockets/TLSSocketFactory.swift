import EnvoyConfig
import Reactor
import Security
import Telemetry

/// The TLS transport socket of a filter chain or of a cluster, shared by all workers: its configuration, its present
/// context, its counters (Envoy's ServerSslSocketFactory and ClientSslSocketFactory).
package final class TLSSocketFactory: Sendable {
  enum Config: Sendable {
    /// With the filter chain's server_names.
    case server(DownstreamTlsContext, serverNames: [String])
    case client(UpstreamTlsContext)
  }

  let config: Config
  /// Place among all of the snapshot.
  let index: Int
  let slot = TLSContextSlot()
  /// With its dot: "listener.ADDRESS.ssl.".
  let scope: StatsScope
  let stats: StatBlock<TLSStat>
  let factoryStats: StatBlock<TLSSocketFactoryStat>
  private let store: StatsStore
  private let keyLogRanges: (local: [AddressRange], remote: [AddressRange])

  /// - Parameter scope: of the listener or cluster, with its dot.
  init(_ config: Config, index: Int, scope: StatsScope, store: StatsStore) {
    self.config = config
    self.index = index
    self.store = store
    self.scope = scope.scope("ssl.")
    stats = self.scope.block(TLSStat.self)
    let keyLog = config.common.keyLog
    keyLogRanges = (
      keyLog?.localAddressRange.compactMap { AddressRange($0) } ?? [],
      keyLog?.remoteAddressRange.compactMap { AddressRange($0) } ?? []
    )
    switch config {
    case .server: factoryStats = scope.scope("server_ssl_socket_factory.").block(TLSSocketFactoryStat.self)
    case .client: factoryStats = scope.scope("client_ssl_socket_factory.").block(TLSSocketFactoryStat.self)
    }
  }

  /// The present context; nil while its secrets are not there.
  package var context: TLSContext? { slot.context }

  /// What /certs shows of the present context: our own certificates, and the authority that is trusted. As in Envoy, what
  /// came from a file of secrets has no path.
  package var certificates: (own: [CertificateDetails], trustedCA: CertificateDetails?, isWatched: [Bool])? {
    guard let context else { return nil }
    let watched =
      config.common.tlsCertificates.map { _ in false }
      + config.common.tlsCertificateSdsSecretConfigs.map { $0.sdsConfig != nil }
    return (context.certificates, context.trustedCA.first, watched + [isTrustWatched])
  }

  private var isTrustWatched: Bool {
    switch config.common.validationContextType {
    case .validationContextSdsSecretConfig(let sds), .combinedValidationContext(_, let sds): sds.sdsConfig != nil
    case .validationContext, nil: false
    }
  }

  /// Where the configuration wrote it.
  var origin: SourceLocation {
    switch config {
    case .server(let context, _): context.origin
    case .client(let context): context.origin
    }
  }

  /// The secrets that come from files.
  var watchedSecrets: Set<SecretKey> { Set(config.secretKeys.filter { $0.source != nil }) }

  /// The context that the secrets make; nil while one is missing.
  /// - Throws: what is wrong with a certificate, a key or a list.
  func makeContext(_ secrets: Secrets) throws(TLSConfigurationError) -> TLSContext? {
    switch config {
    case .server(let config, let names):
      guard let settings = ServerTLSSettings(config, secrets, serverNames: names) else { return nil }
      return try TLSContext(server: settings)
    case .client(let config):
      guard let settings = ClientTLSSettings(config, secrets) else { return nil }
      return try TLSContext(client: settings)
    }
  }

  /// New connections use it from now on.
  func use(_ context: TLSContext, _ secrets: Secrets) {
    slot.put(context)
    publishExpirations(context, secrets)
  }

  /// Gauges that tell when certificates expire; as in Envoy those from files of the configuration share a name.
  private func publishExpirations(_ context: TLSContext, _ secrets: Secrets) {
    let names = config.common.tlsCertificates.map { _ in "unnamed_cert_e3b0c442" }
    let secretNames = config.common.tlsCertificateSdsSecretConfigs.map(\.name)
    for (name, certificate) in zip(names + secretNames, context.certificates) { publish(name, certificate) }
    let caName: String =
      switch config.common.validationContextType {
      case .validationContextSdsSecretConfig(let sds), .combinedValidationContext(_, let sds): sds.name
      case .validationContext, nil: "unnamed_ca_cert_e3b0c442"
      }
    if let first = context.trustedCA.first {
      publish(caName, first)
    } else if case .validationContext = config.common.validationContextType {
      // Rules without an authority: Envoy has a gauge that says never.
      setExpiration("unnamed_ca_cert", UInt64(Int64.max))
    }
  }

  private func publish(_ name: String, _ certificate: CertificateDetails) {
    if let time = certificate.expirationTime { setExpiration(name, UInt64(clamping: time)) }
  }

  private func setExpiration(_ name: String, _ seconds: UInt64) {
    store.setGauge(scope.gauge("certificate.\(name).expiration_unix_time_seconds"), to: seconds)
  }

  /// Whether this connection's keys go to the key log.
  func logsKeys(local: () -> Reactor.SocketAddress?, remote: Reactor.SocketAddress?) -> Bool {
    guard config.common.keyLog != nil else { return false }
    return Self.contains(keyLogRanges.local, local()) && Self.contains(keyLogRanges.remote, remote)
  }

  private static func contains(_ ranges: [AddressRange], _ address: Reactor.SocketAddress?) -> Bool {
    ranges.isEmpty || ranges.contains { $0.contains(address) }
  }
}

extension TLSSocketFactory.Config {
  var common: CommonTlsContext {
    switch self {
    case .server(let context, _): context.commonTlsContext
    case .client(let context): context.commonTlsContext
    }
  }

  /// All secrets that it names.
  var secretKeys: [SecretKey] {
    var keys = common.tlsCertificateSdsSecretConfigs.map { SecretKey(.tlsCertificate, $0) }
    switch common.validationContextType {
    case .validationContextSdsSecretConfig(let sds), .combinedValidationContext(_, let sds):
      keys.append(SecretKey(.validationContext, sds))
    case .validationContext, nil: break
    }
    if case .server(let context, _) = self,
      case .sessionTicketKeysSdsSecretConfig(let sds) = context.sessionTicketKeysType
    {
      keys.append(SecretKey(.sessionTicketKeys, sds))
    }
    return keys
  }

  /// Where in the configuration an error of Security's belongs.
  func origin(of error: TLSConfigurationError, _ secrets: Secrets) -> SourceLocation? {
    let certificates =
      common.tlsCertificates + common.tlsCertificateSdsSecretConfigs.compactMap { secrets.certificate($0) }
    switch error.kind {
    case .certificateChain, .privateKey, .keyMismatch, .certificateType:
      let named = certificates.filter { $0.sourceNames.contains { error.description.contains($0) } }
      let whole = named.first { $0.sourceNames.allSatisfy { error.description.contains($0) } }
      return (whole ?? named.first ?? certificates.first)?.origin
    case .trustedCA, .crl:
      return common.validationContextType?.context(secrets)?.origin
    case .cipherSuites, .curves, .signatureAlgorithms, .versions: return common.tlsParams.origin
    case .alpn, .ticketKeys, .keyLog, .outOfMemory: return nil
    }
  }
}

extension TlsCertificate {
  fileprivate var sourceNames: [String] {
    [certificateChain?.specifier.name, privateKey?.specifier.name, pkcs12?.specifier.name].compactMap { $0 }
      .filter { $0 != "<inline>" }
  }
}
