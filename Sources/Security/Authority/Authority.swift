/// What istiod's certificate authority is in a cluster: a root, and an intermediate that signs workloads' certificates.
///
/// A value without files and without a clock: times are seconds since the epoch.
package struct Authority {
  /// Certificates begin this much before they are made, for clocks that are behind (as istiod's do).
  package static let backdatingSeconds: Int64 = 120
  /// 9999-12-31 23:59:59 UTC: later times cannot be written (RFC 5280 §4.1.2.5.2).
  private static let endOfTime: Int64 = 253_402_300_799

  /// The roots that are trusted; the first signed the intermediate.
  package private(set) var roots: [SignedCertificate]
  package private(set) var intermediate: SignedCertificate
  private var intermediateKey: SigningKey
  /// Nil where the owner keeps it elsewhere: workloads' certificates do not need it.
  private var rootKey: SigningKey?
  /// While a root is coming: its key.
  private var nextRootKey: SigningKey?

  package let trustDomain: TrustDomain

  /// A new one.
  package init(
    _ trustDomain: TrustDomain, keyKind: KeyKind, rootLifeSeconds: Int64, intermediateLifeSeconds: Int64, now: Int64
  ) throws(AuthorityError) {
    let root = try Self.makeRoot(trustDomain, keyKind, rootLifeSeconds, now)
    let intermediate = try Self.makeIntermediate(trustDomain, keyKind, intermediateLifeSeconds, now, by: root)
    self.trustDomain = trustDomain
    roots = [root.certificate]
    rootKey = root.key
    self.intermediate = intermediate.certificate
    intermediateKey = intermediate.key
  }

  /// One that was read from its files.
  /// - Throws: the pieces do not belong together, or name no trust domain.
  package init(
    roots: [SignedCertificate], rootKey: SigningKey?, nextRootKey: SigningKey?, intermediate: SignedCertificate,
    intermediateKey: SigningKey
  ) throws(AuthorityError) {
    guard let root = roots.first, intermediate.isSigned(by: root) else {
      throw AuthorityError(
        "the first certificate of \(AuthorityFile.rootCertificates) did not sign that of "
          + AuthorityFile.intermediateCertificate)
    }
    try Self.check(rootKey, AuthorityFile.rootKey, root)
    if let nextRootKey, !roots.dropFirst().contains(where: { nextRootKey.belongs(to: $0) }) {
      throw AuthorityError(
        "\(AuthorityFile.nextRootKey) belongs to no certificate of \(AuthorityFile.rootCertificates)")
    }
    try Self.check(intermediateKey, AuthorityFile.intermediateKey, intermediate)
    let identity = intermediate.report.uriNames.lazy.compactMap { SpiffeID($0) }.first
    guard let identity, identity.path.isEmpty else {
      throw AuthorityError(
        "\(AuthorityFile.intermediateCertificate) names no trust domain: it needs the URI name spiffe://TRUST-DOMAIN")
    }
    self.trustDomain = identity.trustDomain
    self.roots = roots
    self.rootKey = rootKey
    self.nextRootKey = nextRootKey
    self.intermediate = intermediate
    self.intermediateKey = intermediateKey
  }

  private static func check(
    _ key: SigningKey?, _ name: String, _ certificate: SignedCertificate
  ) throws(AuthorityError) {
    guard let key, !key.belongs(to: certificate) else { return }
    throw AuthorityError("\(name) is not the key of its certificate")
  }

  /// What the authority's folder holds.
  package func files() throws(AuthorityError) -> [AuthorityFile] {
    var files = [
      try AuthorityFile(AuthorityFile.rootCertificates, roots),
      try AuthorityFile(AuthorityFile.intermediateCertificate, [intermediate]),
      try AuthorityFile(AuthorityFile.chain, [intermediate] + roots.prefix(1)),
      try AuthorityFile(AuthorityFile.intermediateKey, intermediateKey),
    ]
    if let rootKey { files.append(try AuthorityFile(AuthorityFile.rootKey, rootKey)) }
    if let nextRootKey { files.append(try AuthorityFile(AuthorityFile.nextRootKey, nextRootKey)) }
    return files
  }

  // MARK: - Issuing

  /// A certificate for a workload with a key of its own, as the files of its folder. It ends with the intermediate at
  /// the latest.
  /// - Throws: the intermediate has ended, or the identity is of another trust domain.
  package func issue(
    _ workload: Workload, now: Int64
  ) throws(AuthorityError) -> (certificate: SignedCertificate, files: [AuthorityFile]) {
    guard workload.identity.trustDomain == trustDomain else {
      throw AuthorityError("\(workload.identity) is not of the authority's trust domain \(trustDomain.name)")
    }
    guard intermediate.notAfter > now else { throw AuthorityError("the intermediate has expired: rotate it") }
    let profile = CertificateProfile(
      role: .workload, identity: workload.identity, dnsNames: workload.dnsNames,
      notBefore: now - Self.backdatingSeconds,
      notAfter: min(Self.end(now, workload.lifeSeconds), intermediate.notAfter))
    let key = try SigningKey(generating: workload.keyKind)
    let certificate = try profile.sign(key, by: Issuer(certificate: intermediate, key: intermediateKey))
    let files = [
      try AuthorityFile(AuthorityFile.chain, [certificate, intermediate]),
      try AuthorityFile(AuthorityFile.workloadKey, key), try AuthorityFile(AuthorityFile.rootCertificates, roots),
    ]
    return (certificate, files)
  }

  // MARK: - Rotating

  /// A new intermediate under the same root. What the old one signed stays good, since it carries the old one along.
  package mutating func rotateIntermediate(lifeSeconds: Int64, now: Int64) throws(AuthorityError) {
    guard let rootKey, let root = roots.first else {
      throw AuthorityError("\(AuthorityFile.rootKey) is not there, which the new intermediate needs")
    }
    try replaceIntermediate(lifeSeconds, now, by: Issuer(certificate: root, key: rootKey))
  }

  /// First step to a new root: it is made and trusted beside the old one, and signs nothing yet.
  package mutating func beginRootRotation(lifeSeconds: Int64, now: Int64) throws(AuthorityError) {
    guard nextRootKey == nil else { throw AuthorityError("a new root is there already: the next step is switch") }
    guard roots.count == 1 else { throw AuthorityError("the old root is still trusted: the next step is finish") }
    let kind = rootKey?.kind ?? intermediateKey.kind
    let root = try Self.makeRoot(trustDomain, kind, lifeSeconds, now)
    roots.append(root.certificate)
    nextRootKey = root.key
  }

  /// Second step, once every workload trusts both: the new root signs a new intermediate; the old one is still trusted.
  package mutating func switchRoot(intermediateLifeSeconds: Int64, now: Int64) throws(AuthorityError) {
    guard let key = nextRootKey, let root = roots.first(where: { key.belongs(to: $0) }) else {
      throw AuthorityError("there is no new root: the first step is begin")
    }
    try replaceIntermediate(intermediateLifeSeconds, now, by: Issuer(certificate: root, key: key))
    roots = [root] + roots.filter { !$0.isSame(as: root) }
    rootKey = key
    nextRootKey = nil
  }

  /// Last step, once every workload has a certificate of the new root: the old one is no longer trusted.
  package mutating func finishRootRotation() throws(AuthorityError) {
    guard nextRootKey == nil else { throw AuthorityError("the new root does not sign yet: the next step is switch") }
    guard roots.count > 1 else { throw AuthorityError("there is no old root: the first step is begin") }
    roots = Array(roots.prefix(1))
  }

  private mutating func replaceIntermediate(
    _ lifeSeconds: Int64, _ now: Int64, by root: Issuer
  ) throws(AuthorityError) {
    let made = try Self.makeIntermediate(trustDomain, intermediateKey.kind, lifeSeconds, now, by: root)
    intermediate = made.certificate
    intermediateKey = made.key
  }

  private static func makeRoot(
    _ trustDomain: TrustDomain, _ kind: KeyKind, _ lifeSeconds: Int64, _ now: Int64
  ) throws(AuthorityError) -> Issuer {
    let key = try SigningKey(generating: kind)
    let profile = CertificateProfile(
      role: .authority(pathLength: nil), organization: organization(trustDomain), commonName: "Pillion root",
      identity: SpiffeID(trustDomain), notBefore: now - backdatingSeconds, notAfter: end(now, lifeSeconds))
    return Issuer(certificate: try profile.sign(key, by: nil), key: key)
  }

  private static func makeIntermediate(
    _ trustDomain: TrustDomain, _ kind: KeyKind, _ lifeSeconds: Int64, _ now: Int64, by root: Issuer
  ) throws(AuthorityError) -> Issuer {
    guard root.certificate.notAfter > now else { throw AuthorityError("the root has expired: rotate it") }
    let key = try SigningKey(generating: kind)
    let profile = CertificateProfile(
      role: .authority(pathLength: 0), organization: organization(trustDomain), commonName: "Pillion intermediate",
      identity: SpiffeID(trustDomain), isBoundToTrustDomain: true, notBefore: now - backdatingSeconds,
      notAfter: min(end(now, lifeSeconds), root.certificate.notAfter))
    return Issuer(certificate: try profile.sign(key, by: root), key: key)
  }

  /// X.509 gives an organization 64 characters; a longer trust domain stands in the URI name alone.
  private static func organization(_ trustDomain: TrustDomain) -> String? {
    trustDomain.name.utf8.count <= 64 ? trustDomain.name : nil
  }

  private static func end(_ now: Int64, _ lifeSeconds: Int64) -> Int64 {
    let (end, overflow) = now.addingReportingOverflow(lifeSeconds)
    return overflow ? endOfTime : min(end, endOfTime)
  }
}
