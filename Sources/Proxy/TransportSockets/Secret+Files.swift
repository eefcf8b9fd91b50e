import EnvoyConfig

/// What a secret says of files, and by what its content is known again.
extension Secret {
  var watchedDirectory: WatchedDirectory? {
    switch type {
    case .tlsCertificate(let certificate): certificate.watchedDirectory
    case .validationContext(let context): context.watchedDirectory
    case .sessionTicketKeys, .genericSecret, nil: nil
    }
  }

  /// Of the files that it names, each with a slash at its end.
  var directories: [String] {
    let paths: [String] = specifiers.compactMap { if case .filename(let path) = $0 { path } else { nil } }
    let directories = paths.map { path in
      path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "./"
    }
    return Set(directories).sorted()
  }

  private var specifiers: [DataSource.Specifier] {
    switch type {
    case .tlsCertificate(let certificate):
      let keys = [certificate.privateKey, certificate.pkcs12, certificate.password]
      return [certificate.certificateChain?.specifier].compactMap { $0 } + keys.compactMap { $0?.specifier }
    case .validationContext(let context): return [context.trustedCa, context.crl].compactMap { $0?.specifier }
    case .sessionTicketKeys(let keys): return keys.keys.map(\.specifier)
    case .genericSecret, nil: return []
    }
  }

  /// What the text says, by which it is known again; what the files that it names hold is no part of it.
  var definition: String {
    let inline = specifiers.contains { if case .filename = $0 { false } else { true } } ? contentDigest : 0
    // The printed text leaves out where keys are.
    return "\(inline) \(specifiers.map(\.name)) \(node?.json ?? "")"
  }

  /// Tells whether the files of a secret say something else than before.
  var contentDigest: Int {
    var hasher = Hasher()
    switch type {
    case .tlsCertificate(let certificate):
      hasher.combine(certificate.certificateChain?.bytes)
      for key in [certificate.privateKey, certificate.pkcs12, certificate.password] {
        key?.secret.withUnsafeBytes { hasher.combine(bytes: $0) }
      }
    case .validationContext(let context):
      hasher.combine(context.trustedCa?.bytes)
      hasher.combine(context.crl?.bytes)
    case .sessionTicketKeys(let keys):
      for key in keys.keys { key.secret.withUnsafeBytes { hasher.combine(bytes: $0) } }
    case .genericSecret, nil: break
    }
    return hasher.finalize()
  }
}
