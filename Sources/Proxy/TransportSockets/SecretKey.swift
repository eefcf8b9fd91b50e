import EnvoyConfig

/// Which secret: its kind and name, and the file that it comes from, if it is not a static one.
struct SecretKey: Hashable, Sendable {
  enum Kind: Int, Hashable, Sendable { case tlsCertificate, validationContext, sessionTicketKeys }

  let kind: Kind
  let name: String
  /// Nil for a secret of `static_resources`.
  let source: PathConfigSource?

  init(_ kind: Kind, _ config: SdsSecretConfig) {
    self.kind = kind
    name = config.name
    source = config.sdsConfig
  }

  /// By kind, then by name.
  var order: (Int, String, String) { (kind.rawValue, name, source?.path ?? "") }

  /// A secret of `static_resources`; nil where it is of no kind that TLS has use for.
  init?(_ secret: Secret) {
    guard let kind = Kind(secret) else { return nil }
    self.kind = kind
    name = secret.name
    source = nil
  }
}

extension SecretKey.Kind {
  init?(_ secret: Secret) {
    switch secret.type {
    case .tlsCertificate: self = .tlsCertificate
    case .validationContext: self = .validationContext
    case .sessionTicketKeys: self = .sessionTicketKeys
    case .genericSecret, nil: return nil
    }
  }
}

/// The secrets of one moment.
typealias Secrets = [SecretKey: Secret]

extension Secrets {
  func certificate(_ config: SdsSecretConfig) -> TlsCertificate? {
    guard case .tlsCertificate(let value) = self[SecretKey(.tlsCertificate, config)]?.type else { return nil }
    return value
  }

  func validationContext(_ config: SdsSecretConfig) -> CertificateValidationContext? {
    guard case .validationContext(let value) = self[SecretKey(.validationContext, config)]?.type else { return nil }
    return value
  }

  func ticketKeys(_ config: SdsSecretConfig) -> TlsSessionTicketKeys? {
    guard case .sessionTicketKeys(let value) = self[SecretKey(.sessionTicketKeys, config)]?.type else { return nil }
    return value
  }
}
