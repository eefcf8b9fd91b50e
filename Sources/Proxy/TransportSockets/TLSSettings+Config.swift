import EnvoyConfig
import Reactor
import Security

/// From Envoy's messages, and the secrets of the moment, to what Security takes. Each is nil while a secret is missing.

extension ServerTLSSettings {
  /// - Parameter serverNames: of the filter chain: sessions of one are not resumed on another.
  init?(_ config: DownstreamTlsContext, _ secrets: Secrets, serverNames: [String]) {
    self.init()
    guard common.take(config.commonTlsContext, secrets) else { return nil }
    requireClientCertificate = config.requireClientCertificate
    sessionCache = !config.disableStatefulSessionResumption
    sessionTimeoutSeconds = config.sessionTimeout.map { Int(clamping: $0.components.seconds) }
    fullScanCertificatesOnSNIMismatch = config.fullScanCertsOnSniMismatch
    preferServerCiphers = !config.preferClientCiphers
    sessionContext = Array(serverNames.joined(separator: ",").utf8)
    switch config.sessionTicketKeysType {
    case .sessionTicketKeys(let keys): sessionTicketKeys = keys.keys.map { TLSKeyData($0) }
    case .sessionTicketKeysSdsSecretConfig(let sds):
      guard let keys = secrets.ticketKeys(sds) else { return nil }
      sessionTicketKeys = keys.keys.map { TLSKeyData($0) }
    case .disableStatelessSessionResumption(let disabled): sessionTickets = !disabled
    case nil: break
    }
  }
}

extension ClientTLSSettings {
  init?(_ config: UpstreamTlsContext, _ secrets: Secrets) {
    self.init()
    guard common.take(config.commonTlsContext, secrets) else { return nil }
    serverName = config.sni
    maxSessionKeys = Int(config.maxSessionKeys)
  }
}

extension CommonTLSSettings {
  /// Returns whether all secrets are there.
  fileprivate mutating func take(_ config: CommonTlsContext, _ secrets: Secrets) -> Bool {
    if let version = TLSVersion(config.tlsParams.tlsMinimumProtocolVersion) { minimumVersion = version }
    if let version = TLSVersion(config.tlsParams.tlsMaximumProtocolVersion) { maximumVersion = version }
    cipherSuites = config.tlsParams.cipherSuites
    ecdhCurves = config.tlsParams.ecdhCurves
    signatureAlgorithms = config.tlsParams.signatureAlgorithms
    alpnProtocols = config.alpnProtocols
    keyLogPath = config.keyLog?.path
    certificates = config.tlsCertificates.compactMap { TLSCertificateSettings($0) }
    for sds in config.tlsCertificateSdsSecretConfigs {
      guard let certificate = secrets.certificate(sds).flatMap({ TLSCertificateSettings($0) }) else { return false }
      certificates.append(certificate)
    }
    guard let type = config.validationContextType else { return true }
    guard let rules = type.context(secrets) else { return false }
    validation = ValidationRules(rules)
    return true
  }
}

extension CommonTlsContext.ValidationContextType {
  /// The rules of the moment; nil while a secret is missing.
  func context(_ secrets: Secrets) -> CertificateValidationContext? {
    switch self {
    case .validationContext(let context): context
    case .validationContextSdsSecretConfig(let sds): secrets.validationContext(sds)
    case .combinedValidationContext(let base, let sds): secrets.validationContext(sds).map { base.merging($0) }
    }
  }
}

extension TLSVersion {
  fileprivate init?(_ config: TlsParameters.TlsProtocol) {
    switch config {
    case .tlsAuto: return nil
    case .tls10: self = .tls10
    case .tls11: self = .tls11
    case .tls12: self = .tls12
    case .tls13: self = .tls13
    }
  }
}

extension TLSCertificateSettings {
  /// Nil where the message holds no certificate, which the decoder has refused.
  fileprivate init?(_ config: TlsCertificate) {
    let password = config.password.map { KeyBytes.copy(of: $0) }
    if let file = config.pkcs12 {
      self.init(.pkcs12(TLSKeyData(file)), password: password)
    } else if let chain = config.certificateChain, let key = config.privateKey {
      self.init(.pem(chain: TLSData(chain), key: TLSKeyData(key)), password: password)
    } else {
      return nil
    }
  }
}

extension TLSData {
  fileprivate init(_ source: DataSource) { self.init(source.bytes, source: source.specifier.name) }
}

extension TLSKeyData {
  fileprivate init(_ source: SecretDataSource) { self.init(KeyBytes.copy(of: source), source: source.specifier.name) }
}

extension KeyBytes {
  fileprivate static func copy(of source: SecretDataSource) -> KeyBytes {
    source.secret.withUnsafeBytes { KeyBytes(copying: $0) }
  }
}

extension DataSource.Specifier {
  /// What errors and /certs call it: its path, or as Envoy "<inline>".
  var name: String {
    switch self {
    case .filename(let path): path
    case .inlineBytes, .inlineString, .environmentVariable: "<inline>"
    }
  }
}

extension ValidationRules {
  fileprivate init(_ config: CertificateValidationContext) {
    self.init()
    trustedCA = config.trustedCa.map { TLSData($0) }
    suppressesClientCAList = config.suppressClientCaList
    crl = config.crl.map { TLSData($0) }
    onlyVerifyLeafCertCRL = config.onlyVerifyLeafCertCrl
    subjectAltNameMatchers = config.matchTypedSubjectAltNames.map { Security.SubjectAltNameMatcher($0) }
    certificateHashes = config.verifyCertificateHash.map(\.bytes)
    certificateSPKIs = config.verifyCertificateSpki.map(\.bytes)
    allowExpiredCertificate = config.allowExpiredCertificate
    maxVerifyDepth = config.maxVerifyDepth.map { Int($0) }
    switch config.trustChainVerification {
    case .verifyTrustChain: trustChainVerification = .verify
    case .acceptUntrusted: trustChainVerification = .acceptUntrusted
    }
  }
}

extension Security.SubjectAltNameMatcher {
  fileprivate init(_ config: EnvoyConfig.SubjectAltNameMatcher) {
    let kind: Kind =
      switch config.sanType {
      case .email: .email
      case .dns: .dns
      case .uri: .uri
      case .ipAddress: .ip
      }
    if case .exact(let value) = config.matcher.matchPattern, !config.matcher.ignoreCase {
      self.init(kind, .exact(value))
      return
    }
    let arena = RouteArena()
    let matcher = StringMatcher(config.matcher, arena: arena)
    // The arena holds what the matcher points at.
    let predicate = { @Sendable (name: String) in withExtendedLifetime(arena) { matcher.matches(name) } }
    self.init(kind, .matches(definition: config.matcher.definition, predicate))
  }
}

extension EnvoyConfig.StringMatcher {
  /// Other words for whatever matches otherwise.
  fileprivate var definition: String {
    let pattern =
      switch matchPattern {
      case .exact(let text): "exact \(text)"
      case .prefix(let text): "prefix \(text)"
      case .suffix(let text): "suffix \(text)"
      case .contains(let text): "contains \(text)"
      case .safeRegex(let regex): "regex \(regex.pattern)"
      }
    return ignoreCase ? "ignoring case, " + pattern : pattern
  }
}
