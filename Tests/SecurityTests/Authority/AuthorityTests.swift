import Testing

@testable import Security

private let hour: Int64 = 3600
private let day: Int64 = 86_400
/// 2026-11-21 05:40:00 UTC.
private let now: Int64 = 1_795_239_600

private func makeAuthority(
  _ domain: String = "cluster.local", _ kind: KeyKind = .p256, rootLife: Int64 = 3650 * day, life: Int64 = 365 * day
) throws -> Authority {
  try Authority(
    TrustDomain(domain), keyKind: kind, rootLifeSeconds: rootLife, intermediateLifeSeconds: life, now: now)
}

private func makeWorkload(
  _ domain: String = "cluster.local", dnsNames: [String] = [], kind: KeyKind = .p256, life: Int64 = 24 * hour
) throws -> Workload {
  let identity = try SpiffeID(TrustDomain(domain), namespace: "default", serviceAccount: "web")
  return try Workload(identity, dnsNames: dnsNames, keyKind: kind, lifeSeconds: life)
}

private func certificates(_ files: [AuthorityFile], _ name: String) throws -> [SignedCertificate] {
  let file = try #require(files.first { $0.name == name })
  guard case .certificates(let text) = file.content else { throw AuthorityError("not certificates") }
  return try text.withUnsafeBytes { try SignedCertificate.read(pem: $0) }
}

private func key(_ files: [AuthorityFile], _ name: String) throws -> SigningKey {
  let file = try #require(files.first { $0.name == name })
  guard case .key(let secret) = file.content else { throw AuthorityError("not a key") }
  return try secret.key()
}

private func reread(_ authority: Authority) throws -> Authority {
  let files = try authority.files()
  let names = files.map(\.name)
  return try Authority(
    roots: certificates(files, AuthorityFile.rootCertificates),
    rootKey: names.contains(AuthorityFile.rootKey) ? key(files, AuthorityFile.rootKey) : nil,
    nextRootKey: names.contains(AuthorityFile.nextRootKey) ? key(files, AuthorityFile.nextRootKey) : nil,
    intermediate: certificates(files, AuthorityFile.intermediateCertificate)[0],
    intermediateKey: key(files, AuthorityFile.intermediateKey))
}

@Suite struct AuthorityTests {
  @Test(arguments: [KeyKind.p256, .rsa(bits: 2048)])
  func whatItIssuesIsAcceptedByTheStrictRules(kind: KeyKind) throws {
    let authority = try makeAuthority("mesh.example", kind)
    let issued = try authority.issue(
      makeWorkload("mesh.example", dnsNames: ["web", "*.web.svc"], kind: kind), now: now)
    let chain = try certificates(issued.files, AuthorityFile.chain)
    #expect(chain.count == 2)
    #expect(chainProblems(chain, now: now) == [])
    let roots = try certificates(issued.files, AuthorityFile.rootCertificates)
    #expect(try verificationProblem(chain, roots: roots, now: now) == nil)
    #expect(try key(issued.files, AuthorityFile.workloadKey).belongs(to: chain[0]))
  }

  @Test func aWorkloadsCertificateSaysWhoseItIs() throws {
    let issued = try makeAuthority().issue(makeWorkload(dnsNames: ["web.default"]), now: now)
    let report = issued.certificate.report
    #expect(report.subject == "")
    #expect(report.issuer == "O=cluster.local, CN=Pillion intermediate")
    #expect(report.uriNames == ["spiffe://cluster.local/ns/default/sa/web"])
    #expect(report.dnsNames == ["web.default"])
    #expect(report.notBefore == now - 120)
    #expect(report.notAfter == now + 24 * hour)
    #expect(report.key == "EC P-256")
    #expect(report.usages == ["digital signature"])
    #expect(report.purposes == ["TLS server", "TLS client"])
    #expect(!report.isAuthority)
    #expect(report.serialNumber.utf8.count == 32)
    #expect(report.sha256.utf8.count == 64)
  }

  @Test func onlyRSAKeysEncipher() throws {
    let issued = try makeAuthority().issue(makeWorkload(kind: .rsa(bits: 2048)), now: now)
    #expect(issued.certificate.report.usages == ["digital signature", "key encipherment"])
    #expect(issued.certificate.report.key == "RSA 2048")
  }

  @Test func serialNumbersDiffer() throws {
    let authority = try makeAuthority()
    let numbers = try (0..<20).map { _ in
      try authority.issue(makeWorkload(), now: now).certificate.report.serialNumber
    }
    #expect(Set(numbers).count == 20)
  }

  @Test func theAuthoritiesSayWhatTheyMaySign() throws {
    let authority = try makeAuthority()
    let root = authority.roots[0].report
    #expect(root.isAuthority && root.isSelfSigned && root.pathLength == nil)
    let intermediate = authority.intermediate.report
    #expect(intermediate.isAuthority && !intermediate.isSelfSigned && intermediate.pathLength == 0)
    #expect(intermediate.uriNames == ["spiffe://cluster.local"])
  }

  @Test func noCertificateOutlivesWhatSignedIt() throws {
    let authority = try makeAuthority(rootLife: 2 * day, life: 30 * day)
    #expect(authority.intermediate.notAfter == now + 2 * day)
    let issued = try authority.issue(makeWorkload(life: 90 * day), now: now)
    #expect(issued.certificate.notAfter == now + 2 * day)
    #expect(throws: AuthorityError("the intermediate has expired: rotate it")) {
      try authority.issue(makeWorkload(), now: now + 3 * day)
    }
  }

  @Test func timesAreRightBeyond2049AndUpToTheLast() throws {
    let authority = try makeAuthority(rootLife: 10_000 * 365 * day, life: 40 * 365 * day)
    #expect(authority.roots[0].notAfter == 253_402_300_799)
    #expect(authority.intermediate.notAfter == now + 40 * 365 * day)
    let issued = try authority.issue(makeWorkload(life: .max), now: now)
    let chain = try certificates(issued.files, AuthorityFile.chain)
    #expect(try verificationProblem(chain, roots: authority.roots, now: now + 39 * 365 * day) == nil)
    #expect(try verificationProblem(chain, roots: authority.roots, now: now + 41 * 365 * day) != nil)
  }

  @Test func identitiesOfAnotherTrustDomainAreRefused() throws {
    #expect(throws: AuthorityError.self) { try makeAuthority("one.example").issue(makeWorkload("other"), now: now) }
  }

  @Test func aLongTrustDomainHasNoPlaceInTheSubject() throws {
    let domain = String(repeating: "a", count: 70) + ".example"
    let authority = try makeAuthority(domain)
    #expect(authority.roots[0].report.subject == "CN=Pillion root")
    let issued = try authority.issue(makeWorkload(domain), now: now)
    let chain = try certificates(issued.files, AuthorityFile.chain)
    #expect(try verificationProblem(chain, roots: authority.roots, now: now) == nil)
  }

  @Test func itIsTheSameAfterReading() throws {
    let authority = try makeAuthority("mesh.example")
    let again = try reread(authority)
    #expect(again.trustDomain.name == "mesh.example")
    #expect(again.intermediate.isSame(as: authority.intermediate))
    _ = try again.issue(makeWorkload("mesh.example"), now: now)
  }

  @Test func piecesThatDoNotBelongTogetherAreRefused() throws {
    let one = try makeAuthority().files()
    let other = try makeAuthority().files()
    #expect(throws: AuthorityError.self) {
      try Authority(
        roots: certificates(other, AuthorityFile.rootCertificates), rootKey: nil, nextRootKey: nil,
        intermediate: certificates(one, AuthorityFile.intermediateCertificate)[0],
        intermediateKey: key(one, AuthorityFile.intermediateKey))
    }
    #expect(throws: AuthorityError("ca-key.pem is not the key of its certificate")) {
      try Authority(
        roots: certificates(one, AuthorityFile.rootCertificates), rootKey: nil, nextRootKey: nil,
        intermediate: certificates(one, AuthorityFile.intermediateCertificate)[0],
        intermediateKey: key(other, AuthorityFile.intermediateKey))
    }
  }
}

@Suite struct AuthorityRotationTests {
  /// Whether who trusts `roots` accepts these files' certificate.
  private func isAccepted(_ files: [AuthorityFile], by roots: [SignedCertificate]) throws -> Bool {
    try verificationProblem(certificates(files, AuthorityFile.chain), roots: roots, now: now) == nil
  }

  @Test func aRenewedCertificateIsTheSameButForKeySerialAndTime() throws {
    let authority = try makeAuthority()
    let first = try authority.issue(makeWorkload(dnsNames: ["a", "b"], life: 7 * hour), now: now)
    let chain = try certificates(first.files, AuthorityFile.chain)
    let workload = try Workload(renewing: chain, usualLifeSeconds: day)
    let second = try authority.issue(workload, now: now + hour)
    #expect(second.certificate.report.uriNames == first.certificate.report.uriNames)
    #expect(second.certificate.report.dnsNames == ["a", "b"])
    #expect(second.certificate.notAfter == now + 8 * hour)
    #expect(second.certificate.report.serialNumber != first.certificate.report.serialNumber)
    #expect(try !key(second.files, AuthorityFile.workloadKey).belongs(to: first.certificate))
  }

  @Test func aLifeThatWasCutShortIsNotInherited() throws {
    let authority = try makeAuthority(rootLife: hour, life: hour)
    let issued = try authority.issue(makeWorkload(), now: now)
    let chain = try certificates(issued.files, AuthorityFile.chain)
    #expect(try Workload(renewing: chain, usualLifeSeconds: day).lifeSeconds == day)
  }

  @Test func anAuthoritysCertificateIsNotRenewedAsAWorkloads() throws {
    let authority = try makeAuthority()
    #expect(throws: AuthorityError.self) { try Workload(renewing: [authority.intermediate], usualLifeSeconds: day) }
  }

  @Test func aNewIntermediateLeavesOldCertificatesGood() throws {
    var authority = try makeAuthority()
    let old = try authority.issue(makeWorkload(), now: now)
    let before = authority.intermediate
    try authority.rotateIntermediate(lifeSeconds: day, now: now)
    #expect(!authority.intermediate.isSame(as: before))
    #expect(try isAccepted(old.files, by: authority.roots))
    #expect(try isAccepted(authority.issue(makeWorkload(), now: now).files, by: authority.roots))
  }

  /// At every step each of two workloads, one rotated and one not yet, accepts the other.
  @Test func aNewRootIsNoticedByNobody() throws {
    var authority = try makeAuthority()
    var last = try authority.issue(makeWorkload(), now: now).files
    let steps: [(inout Authority) throws -> Void] = [
      { try $0.beginRootRotation(lifeSeconds: 10 * day, now: now) },
      { try $0.switchRoot(intermediateLifeSeconds: day, now: now) }, { try $0.finishRootRotation() },
    ]
    let first = authority.roots[0]
    for (step, trusted) in zip(steps, [2, 2, 1]) {
      try step(&authority)
      authority = try reread(authority)
      #expect(authority.roots.count == trusted)
      let next = try authority.issue(makeWorkload(), now: now).files
      #expect(try isAccepted(next, by: certificates(last, AuthorityFile.rootCertificates)))
      #expect(try isAccepted(last, by: certificates(next, AuthorityFile.rootCertificates)))
      last = next
    }
    #expect(!authority.roots[0].isSame(as: first))
    #expect(try !isAccepted(last, by: [first]))
  }

  @Test func stepsOutOfOrderAreRefused() throws {
    var authority = try makeAuthority()
    #expect(throws: AuthorityError.self) { try authority.switchRoot(intermediateLifeSeconds: day, now: now) }
    #expect(throws: AuthorityError.self) { try authority.finishRootRotation() }
    try authority.beginRootRotation(lifeSeconds: day, now: now)
    #expect(throws: AuthorityError.self) { try authority.beginRootRotation(lifeSeconds: day, now: now) }
    #expect(throws: AuthorityError.self) { try authority.finishRootRotation() }
    try authority.switchRoot(intermediateLifeSeconds: day, now: now)
    #expect(throws: AuthorityError.self) { try authority.beginRootRotation(lifeSeconds: day, now: now) }
  }
}

@Suite struct AuthorityNamesTests {
  @Test(arguments: ["", ".", "..", "a/b", "a b", "ü", String(repeating: "a", count: 254)])
  func namesThatNoPathMayHaveAreRefused(name: String) {
    #expect(throws: AuthorityError.self) {
      try SpiffeID(TrustDomain("cluster.local"), namespace: name, serviceAccount: "web")
    }
    #expect(throws: AuthorityError.self) {
      try SpiffeID(TrustDomain("cluster.local"), namespace: "default", serviceAccount: name)
    }
  }

  @Test(arguments: ["", ".local", "Cluster.local", "a/b", "a:1", "a,URI:b", String(repeating: "a", count: 256)])
  func trustDomainsOutsideSPIFFEsRulesAreRefused(name: String) {
    #expect(throws: AuthorityError.self) { try TrustDomain(name) }
  }

  @Test(arguments: ["", "a..b", "-a", "a-", "a b", "*", "a.*", "ü", String(repeating: "a", count: 64)])
  func namesThatNoHostMayHaveAreRefused(name: String) {
    #expect(throws: AuthorityError.self) { try makeWorkload(dnsNames: [name]) }
  }

  @Test func urisAreReadStrictly() throws {
    let id = try #require(SpiffeID("spiffe://cluster.local/ns/a/sa/b"))
    #expect(id.trustDomain.name == "cluster.local")
    #expect(id.path == "/ns/a/sa/b")
    #expect(SpiffeID("spiffe://cluster.local")?.path == "")
    for wrong in ["http://a/b", "spiffe://", "spiffe://a/", "spiffe://a//b", "spiffe://a/../b", "spiffe://A/b"] {
      #expect(SpiffeID(wrong) == nil, "\(wrong)")
    }
  }
}

@Suite struct ChainProblemTests {
  @Test func eachProblemIsSaidInWords() throws {
    let authority = try makeAuthority()
    let other = try makeAuthority()
    let leaf = try authority.issue(makeWorkload(), now: now).certificate
    let chain = [leaf, authority.intermediate]
    #expect(chainProblems(chain, now: now + 2 * day) == ["certificate 1 has expired"])
    #expect(
      chainProblems(chain, now: now - hour)
        == ["certificate 1 is not valid yet", "certificate 2 is not valid yet"])
    #expect(
      chainProblems([leaf, authority.roots[0], authority.intermediate], now: now) == [
        "certificate 1 is not signed by certificate 2: certificate 3 did: the order is wrong",
        "certificate 2 is not signed by certificate 3: it is a root",
      ])
    #expect(
      chainProblems([leaf, other.intermediate], now: now) == [
        "certificate 1 is not signed by certificate 2: its issuer is O=cluster.local, CN=Pillion intermediate"
      ])
    #expect(chainProblems([authority.roots[0], other.roots[0]], now: now) == [])
  }

  @Test func aChainOfAnotherRootIsNotTrusted() throws {
    let authority = try makeAuthority()
    let leaf = try authority.issue(makeWorkload(), now: now).certificate
    let others = try makeAuthority().roots
    #expect(try verificationProblem([leaf, authority.intermediate], roots: others, now: now) != nil)
    #expect(
      try verificationProblem([leaf], roots: authority.roots, now: now)
        == "unable to get local issuer certificate (the first certificate)")
  }

  @Test func filesThatHoldNoCertificateAreRefused() {
    for text in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
      #expect(throws: AuthorityError.self) {
        try Array(text.utf8).withUnsafeBytes { try SignedCertificate.read(pem: $0) }
      }
      #expect(throws: AuthorityError.self) { try Array(text.utf8).withUnsafeBytes { try SigningKey(pem: $0) } }
    }
  }
}
