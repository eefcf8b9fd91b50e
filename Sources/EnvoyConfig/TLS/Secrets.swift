/// `envoy.extensions.transport_sockets.tls.v3.Secret`.
package struct Secret: Sendable {
  /// The oneof `type`.
  package indirect enum Kind: Sendable {
    case tlsCertificate(TlsCertificate)
    case sessionTicketKeys(TlsSessionTicketKeys)
    case validationContext(CertificateValidationContext)
    case genericSecret(GenericSecret)
  }

  package var name = ""
  /// Absent when the text names no type; Envoy then has no use for the secret.
  package var type: Kind?
  package var origin = SourceLocation.none
  package var node: DocumentNode?

  package init() {}
}

/// `envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig`: where a secret comes from.
package struct SdsSecretConfig: Sendable {
  package var name = ""
  /// A file that is watched; absent: the static secret of that name.
  package var sdsConfig: PathConfigSource?
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.config.core.v3.PathConfigSource`, or the deprecated `path` of a `ConfigSource`.
package struct PathConfigSource: Sendable, Hashable {
  package var path = ""
  /// Absent: the file itself is watched, for being replaced by a move.
  package var watchedDirectory: WatchedDirectory?

  package init() {}
}

/// `envoy.config.core.v3.WatchedDirectory`: a directory in which a move announces that files changed.
package struct WatchedDirectory: Sendable, Hashable {
  package var path = ""
  /// Writing to a file in it announces it too.
  package var watchModify = false

  package init() {}
}

/// `envoy.extensions.transport_sockets.tls.v3.TlsCertificate`. Either `pkcs12`, or both other parts.
package struct TlsCertificate: Sendable {
  /// PEM.
  package var certificateChain: DataSource?
  /// PEM.
  package var privateKey: SecretDataSource?
  package var pkcs12: SecretDataSource?
  package var password: SecretDataSource?
  /// Of a secret from a file: what announces changes, in place of the directories of its files.
  package var watchedDirectory: WatchedDirectory?
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.transport_sockets.tls.v3.TlsSessionTicketKeys`: at least one, each of exactly 80 bytes. The first makes
/// tickets, all open them.
package struct TlsSessionTicketKeys: Sendable {
  package static let keyByteCount = 80
  package var keys: [SecretDataSource] = []
  package var origin = SourceLocation.none

  package init() {}
}

/// `envoy.extensions.transport_sockets.tls.v3.GenericSecret`.
package struct GenericSecret: Sendable {
  package var secret: SecretDataSource?
  package var secrets: [String: SecretDataSource] = [:]
  package var origin = SourceLocation.none

  package init() {}
}
