import EnvoyConfig
import Proxy
import Security

/// What TLS shows in the admin interface.
extension ProxyTarget {
  package var certificates: [CertificatesStatus] {
    let now = main.loop.wallNow / 1_000_000_000
    return main.snapshot.tlsSocketFactories.compactMap { factory in
      guard let (own, trusted, isWatched) = factory.certificates else { return nil }
      var status = CertificatesStatus()
      status.chain = zip(own, isWatched).map { CertificateStatus($0, hidesPath: $1, now: now) }
      if let trusted {
        status.authorities = [CertificateStatus(trusted, hidesPath: isWatched.last ?? false, now: now)]
      }
      return status.chain.isEmpty && status.authorities.isEmpty ? nil : status
    }
  }

  /// Static secrets, and those that come from files; none shows a key.
  func addSecrets(to dump: inout ConfigDump) {
    dump.staticSecrets = main.snapshot.bootstrap.staticResources.secrets.map { secret in
      ConfigDump.Secret(name: secret.name, value: secret.node.map { .document($0) } ?? .object([]))
    }
    for status in main.secrets?.statuses ?? [] {
      let value = status.secret.map { SecretJSON.resolved($0) } ?? .object([("name", .string(status.name))])
      let secret = ConfigDump.Secret(
        name: status.name, value: value, lastUpdatedNanoseconds: status.lastUpdated, isMissing: status.secret == nil)
      if secret.isMissing { dump.warmingSecrets.append(secret) } else { dump.activeSecrets.append(secret) }
    }
  }
}

extension CertificateStatus {
  fileprivate init(_ details: CertificateDetails, hidesPath: Bool, now: Int64) {
    self.init()
    path = hidesPath ? "<inline>" : details.path
    serialNumber = details.serialNumber
    dnsNames = details.subjectAltNames.filter { $0.kind == .dns }.map(\.value)
    uris = details.subjectAltNames.filter { $0.kind == .uri }.map(\.value)
    ipAddresses = details.subjectAltNames.filter { $0.kind == .ip }.map(\.value)
    daysUntilExpiration = details.daysUntilExpiration(now: now)
    validFrom = details.validFrom
    expirationTime = details.expirationTime
  }
}
