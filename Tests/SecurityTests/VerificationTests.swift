import COpenSSL
import Testing

@testable import Reactor
@testable import Security

/// Peers that are refused, or accepted by a rule: each with Envoy's counter and a reason that names what is wrong.
@Suite struct VerificationTests {
  private static let day = TestCertificate.day
  private static let newYear = TestCertificate.newYear
  private static let root = TestCertificate("root", isCA: true)
  private static let intermediate = TestCertificate("intermediate", issuer: root, isCA: true)
  private static let stranger = TestCertificate("other root", isCA: true)
  private static let server = TestCertificate("server", names: "DNS:server.example", issuer: root)

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var peer: @Sendable () -> TestCertificate
    var rules: @Sendable (inout ValidationRules) -> Void = { _ in }
    /// Nil for a peer that is accepted.
    var counter: TLSFailure.Counter?
    var reason = ""
  }

  private static func peer(
    _ names: String = "URI:spiffe://example/a", from: Int64 = newYear - day, until: Int64 = newYear + day,
    serial: Int = 1
  ) -> TestCertificate {
    TestCertificate("peer", names: names, issuer: root, from: from, until: until, serial: serial)
  }

  private static let cases: [Case] = [
    Case(testDescription: "good", peer: { peer() }),
    Case(
      testDescription: "expired", peer: { peer(until: newYear - 1) }, counter: .failVerifyError,
      reason: "certificate verify failed: certificate has expired (subject CN=peer, expired 2025-12-31T23:59:59Z)"),
    Case(
      testDescription: "expired, but allowed", peer: { peer(until: newYear - 1) },
      rules: { $0.allowExpiredCertificate = true }),
    Case(
      testDescription: "not yet valid", peer: { peer(from: newYear + 60) }, counter: .failVerifyError,
      reason:
        "certificate verify failed: certificate is not yet valid (subject CN=peer, valid from 2026-01-01T00:01:00Z)"),
    Case(
      testDescription: "of another authority", peer: { TestCertificate("peer", issuer: stranger) },
      counter: .failVerifyError,
      reason:
        "certificate verify failed: unable to get local issuer certificate (subject CN=peer, issuer CN=other root)"
    ),
    Case(
      testDescription: "self-signed", peer: { TestCertificate("peer") }, counter: .failVerifyError,
      reason: "certificate verify failed: self-signed certificate (subject CN=peer)"),
    Case(testDescription: "with its chain", peer: { TestCertificate("peer", issuer: intermediate) }),
    Case(
      testDescription: "revoked", peer: { peer(serial: 0x1f) },
      rules: { $0.crl = TLSData(root.revocationList([7, 0x1f])) }, counter: .failVerifyError,
      reason: "certificate verify failed: certificate revoked (subject CN=peer, serial 1f)"),
    Case(
      testDescription: "not revoked", peer: { peer(serial: 6) },
      rules: { $0.crl = TLSData(root.revocationList([7, 0x1f])) }),
    Case(
      testDescription: "with an authority that has no revocation list",
      peer: { TestCertificate("peer", issuer: intermediate) },
      rules: { $0.crl = TLSData(root.revocationList([])) }, counter: .failVerifyError,
      reason: "certificate verify failed: unable to get certificate CRL (subject CN=peer)"),
    Case(
      testDescription: "with another name", peer: { peer("URI:spiffe://example/b") },
      rules: { $0.subjectAltNameMatchers = [SubjectAltNameMatcher(.uri, .exact("spiffe://example/a"))] },
      counter: .failVerifySan,
      reason: "certificate verify failed: the certificate has no subject alternative name that is allowed here "
        + "(subject CN=peer, its names: spiffe://example/b)"),
    Case(
      testDescription: "with the name in another kind", peer: { peer("DNS:a.example") },
      rules: { $0.subjectAltNameMatchers = [SubjectAltNameMatcher(.uri, .exact("a.example"))] },
      counter: .failVerifySan, reason: "a.example"),
    Case(
      testDescription: "with one of the names", peer: { peer("DNS:a.example,URI:spiffe://example/a") },
      rules: {
        $0.subjectAltNameMatchers = [
          SubjectAltNameMatcher(.dns, .exact("b.example")),
          SubjectAltNameMatcher(.uri, .matches(definition: "prefix") { $0.hasPrefix("spiffe://example/") }),
        ]
      }),
    Case(
      testDescription: "with a wildcard name", peer: { peer("DNS:*.example.com") },
      rules: { $0.subjectAltNameMatchers = [SubjectAltNameMatcher(.dns, .exact("a.example.com"))] }),
    Case(
      testDescription: "with a name of two lines", peer: { TestCertificate("a\nb", issuer: stranger) },
      counter: .failVerifyError, reason: "subject CN=a\\0Ab,"),
    Case(
      testDescription: "with an address", peer: { peer("IP:10.1.2.3,IP:::1") },
      rules: { $0.subjectAltNameMatchers = [SubjectAltNameMatcher(.ip, .exact("::1"))] }),
    Case(
      testDescription: "with an email address", peer: { peer("email:a@example.com") },
      rules: { $0.subjectAltNameMatchers = [SubjectAltNameMatcher(.email, .exact("a@example.com"))] }),
    Case(
      testDescription: "with another hash", peer: { peer() },
      rules: { $0.certificateHashes = [Array(repeating: 1, count: 32)] }, counter: .failVerifyCertHash,
      reason: "certificate verify failed: neither the certificate's hash nor its key's is one of those allowed "
        + "(subject CN=peer)"),
    Case(
      testDescription: "untrusted, but accepted", peer: { TestCertificate("peer", issuer: stranger) },
      rules: { $0.trustChainVerification = .acceptUntrusted }),
    Case(
      testDescription: "below more authorities than allowed", peer: { TestCertificate("peer", issuer: intermediate) },
      rules: { $0.maxVerifyDepth = 0 }, counter: .failVerifyError, reason: "certificate chain too long"),
  ]

  /// The server judges the client.
  @Test(arguments: cases) func clients(_ test: Case) throws {
    var settings = ServerTLSSettings(Self.server)
    settings.common.validation = .trusting(Self.root)
    settings.common.validation.modify(test.rules)
    settings.requireClientCertificate = true
    let client = ClientTLSSettings(trusting: Self.root, certificate: test.peer())
    let pair = try TLSPair(TLSContext(client: client), TLSContext(server: settings))
    pair.turn()
    check(test, pair.server, pair.serverSession)
    #expect(test.counter == nil || pair.client.closed == [.transportFailure])
    #expect(test.counter == nil || pair.clientSession.failureReason.hasPrefix("TLS error: the peer refused with alert"))
  }

  /// The client judges the server.
  @Test(arguments: cases) func servers(_ test: Case) throws {
    var client = ClientTLSSettings(trusting: Self.root)
    client.common.validation.modify(test.rules)
    let pair = try TLSPair(TLSContext(client: client), TLSContext(server: ServerTLSSettings(test.peer())))
    pair.turn()
    check(test, pair.client, pair.clientSession)
  }

  private func check(_ test: Case, _ end: End, _ session: TLSSession) {
    guard let counter = test.counter else {
      #expect(end.connected == 1)
      #expect(session.failure == nil)
      #expect(session.isPeerValidated == (session.verificationFailure == nil))
      return
    }
    #expect(end.connected == 0)
    #expect(end.closed == [.transportFailure])
    #expect(session.failure?.counter == counter)
    #expect(session.failureReason.contains(test.reason), "\(session.failureReason)")
    #expect(!session.isPeerValidated)
  }

  @Test func aTruncatedChainIsRefused() throws {
    let leaf = TestCertificate("peer", issuer: Self.intermediate)
    var settings = ServerTLSSettings()
    settings.common.certificates = [
      TLSCertificateSettings(.pem(chain: TLSData(leaf.pem), key: TLSKeyData(KeyBytes(leaf.keyPEM))))
    ]
    let pair = try TLSPair(
      TLSContext(client: ClientTLSSettings(trusting: Self.root)), TLSContext(server: settings))
    pair.turn()
    #expect(pair.clientSession.failure?.counter == .failVerifyError)
    #expect(
      pair.clientSession.failureReason
        == "certificate verify failed: unable to get local issuer certificate "
        + "(subject CN=peer, issuer CN=intermediate)")
  }

  @Test func hashesOfTheCertificateAndOfItsKeyAreKnown() throws {
    let peer = Self.peer()
    var settings = ClientTLSSettings(trusting: Self.root)
    settings.common.validation?.trustedCA = nil
    settings.common.validation?.certificateHashes = [X509Fields.digest(peer.certificate, EVP_sha256())]
    let byHash = try TLSPair(TLSContext(client: settings), TLSContext(server: ServerTLSSettings(peer)))
    byHash.turn()
    #expect(byHash.clientSession.isPeerValidated)
    settings.common.validation?.certificateHashes = []
    settings.common.validation?.certificateSPKIs = [X509Fields.publicKeyDigest(peer.certificate)]
    let byKey = try TLSPair(TLSContext(client: settings), TLSContext(server: ServerTLSSettings(peer)))
    byKey.turn()
    #expect(byKey.clientSession.isPeerValidated)
  }

  @Test(arguments: [("server.example", true), ("SERVER.example", true), ("other.example", false)])
  func namesOfASessionGoBeforeTheMatchers(_ name: String, _ accepted: Bool) throws {
    var settings = ClientTLSSettings(trusting: Self.root)
    settings.common.validation?.subjectAltNameMatchers = [SubjectAltNameMatcher(.dns, .exact("nobody.example"))]
    var options = TLSSessionOptions()
    options.subjectAltNames = [name]
    let pair = try TLSPair(
      TLSContext(client: settings), TLSContext(server: ServerTLSSettings(Self.server)), options: options)
    pair.turn()
    #expect(pair.clientSession.isPeerValidated == accepted)
    #expect(pair.clientSession.failure?.counter == (accepted ? nil : .failVerifySan))
  }

  @Test func withoutRulesNothingIsAsked() throws {
    var client = ClientTLSSettings(trusting: Self.root, certificate: Self.peer())
    client.common.validation = nil
    var server = ServerTLSSettings(Self.server)
    server.requireClientCertificate = true
    let pair = try TLSPair(TLSContext(client: client), TLSContext(server: server))
    pair.turn()
    #expect(pair.server.connected == 1)
    #expect(pair.client.connected == 1)
    #expect(pair.serverSession.peer == nil)
    #expect(pair.clientSession.peer != nil)
    #expect(!pair.clientSession.isPeerValidated)
  }

  @Test(arguments: [
    ("a.example.com", "a.example.com", true), ("A.example.com", "a.EXAMPLE.com", true),
    ("a.example.com", "*.example.com", true), ("b.a.example.com", "*.example.com", false),
    ("example.com", "*.example.com", false), (".example.com", "*.example.com", false),
    ("a.example.com", "*", false), ("a.example.com", "*.", false), ("a.", "*.", false),
    ("ab.example.com", "a*.example.com", false), ("", "", true), ("a", "", false),
  ]) func dnsNames(_ name: String, _ pattern: String, _ matches: Bool) {
    #expect(DNSName.matches(name, pattern: pattern) == matches)
  }

  /// A name that ends early for whoever reads C strings is no name here.
  @Test func aNameWithANULIsNone() {
    let certificate = TestCertificate("peer")
    let names = GENERAL_NAMES_new()
    defer { GENERAL_NAMES_free(names) }
    for bytes in [Array("good.example\0.evil".utf8), [0xff, 0xfe], Array("plain.example".utf8)] {
      let text = ASN1_IA5STRING_new()
      ASN1_STRING_set(text, bytes, Int32(bytes.count))
      let name = GENERAL_NAME_new()
      GENERAL_NAME_set0_value(name, GEN_DNS, UnsafeMutableRawPointer(text))
      OPENSSL_sk_push(names, name)
    }
    X509_add1_ext_i2d(certificate.certificate, NID_subject_alt_name, UnsafeMutableRawPointer(names), 0, 0)
    #expect(SubjectAltName.all(of: certificate.certificate) == [SubjectAltName(.dns, "plain.example")])
  }
}

extension Optional<ValidationRules> {
  fileprivate mutating func modify(_ change: (inout ValidationRules) -> Void) {
    guard var rules = self else { return }
    change(&rules)
    self = rules
  }
}
