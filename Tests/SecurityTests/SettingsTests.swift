import COpenSSL
import Glibc
import Testing

@testable import Reactor
@testable import Security

/// Settings that make no context say why, and never show a key.
@Suite struct SettingsTests {
  private static let root = TestCertificate("root", isCA: true)
  private static let server = TestCertificate(
    "server", names: "DNS:a.example,IP:127.0.0.1", issuer: root, serial: 0x0c0ffee)

  private func failure(_ change: (inout ServerTLSSettings) -> Void) -> TLSConfigurationError? {
    var settings = ServerTLSSettings(Self.server)
    change(&settings)
    do {
      _ = try TLSContext(server: settings)
      return nil
    } catch {
      return error
    }
  }

  private func certificate(chain: [UInt8], key: [UInt8], password: String? = nil) -> [TLSCertificateSettings] {
    [
      TLSCertificateSettings(
        .pem(chain: TLSData(chain, source: "chain.pem"), key: TLSKeyData(KeyBytes(key), source: "key.pem")),
        password: password.map { KeyBytes(Array($0.utf8)) })
    ]
  }

  @Test func certificatesAndKeys() {
    let other = TestCertificate("other")
    #expect(
      failure { $0.common.certificates = certificate(chain: Self.server.pem, key: other.keyPEM) }
        == TLSConfigurationError(
          .keyMismatch,
          "Failed to load private key from key.pem, Cause: it is not the key of the certificate in chain.pem"))
    #expect(
      failure { $0.common.certificates = certificate(chain: [], key: other.keyPEM) }?.description
        == "Failed to load certificate chain from chain.pem: there is no PEM block of that kind in it")
    let broken = Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
    let brokenFailure = failure { $0.common.certificates = certificate(chain: broken, key: other.keyPEM) }
    #expect(brokenFailure?.kind == .certificateChain)
    #expect(brokenFailure?.description.hasPrefix("Failed to load certificate chain from chain.pem: ") == true)
    let half = Self.server.pem + broken
    #expect(
      failure { $0.common.certificates = certificate(chain: half, key: Self.server.keyPEM) }?.kind == .certificateChain)
    let noKey = failure {
      $0.common.certificates = certificate(chain: Self.server.pem, key: Array("secret words".utf8))
    }
    #expect(noKey?.kind == .privateKey)
    #expect(noKey?.description.contains("secret") == false)
  }

  @Test func keysWithPasswords() {
    let sealed = TestCertificate.text {
      PEM_write_bio_PKCS8PrivateKey($0, Self.server.key, EVP_aes_128_cbc(), "pass", 4, nil, nil)
    }
    #expect(
      failure { $0.common.certificates = certificate(chain: Self.server.pem, key: sealed, password: "pass") } == nil)
    #expect(
      failure { $0.common.certificates = certificate(chain: Self.server.pem, key: sealed) }?.description
        == "Failed to load private key from key.pem, Cause: it is encrypted, and no password is given")
    #expect(
      failure { $0.common.certificates = certificate(chain: Self.server.pem, key: sealed, password: "wrong") }?.kind
        == .privateKey)
    let file = PKCS12_create("pass", nil, Self.server.key, Self.server.certificate, nil, 0, 0, 0, 0, 0)
    defer { PKCS12_free(file) }
    let bundle = TestCertificate.text { i2d_PKCS12_bio($0, file) }
    func pkcs12(_ password: String) -> [TLSCertificateSettings] {
      [TLSCertificateSettings(.pkcs12(TLSKeyData(KeyBytes(bundle))), password: KeyBytes(Array(password.utf8)))]
    }
    #expect(failure { $0.common.certificates = pkcs12("pass") } == nil)
    #expect(failure { $0.common.certificates = pkcs12("wrong") }?.kind == .certificateChain)
  }

  @Test func parameters() {
    #expect(
      failure { $0.common.cipherSuites = ["[ECDHE-RSA-AES128-GCM-SHA256|NO-SUCH]", "NOR-THIS"] }?.description
        == "Failed to initialize cipher suites [ECDHE-RSA-AES128-GCM-SHA256|NO-SUCH]:NOR-THIS. The following ciphers "
        + "were rejected when tried individually: NO-SUCH, NOR-THIS")
    #expect(
      failure { $0.common.ecdhCurves = ["P-256", "P-X"] }?.description == "Failed to initialize ECDH curves P-256:P-X")
    #expect(failure { $0.common.signatureAlgorithms = ["rsa_pss_rsae_sha256", "x"] }?.kind == .signatureAlgorithms)
    #expect(failure { $0.common.alpnProtocols = [""] }?.kind == .alpn)
    #expect(failure { $0.common.alpnProtocols = [String(repeating: "a", count: 256)] }?.kind == .alpn)
    #expect(failure { $0.common.maximumVersion = .tls11 }?.kind == .versions)
    #expect(failure { $0.common.keyLogPath = "/nonexistent/keys" }?.kind == .keyLog)
    var rules = ValidationRules()
    rules.trustedCA = TLSData(Array("no".utf8), source: "ca.pem")
    #expect(
      failure { $0.common.validation = rules }?.description
        == "Failed to load trusted CA certificates from ca.pem: there is no PEM block of that kind in it")
    rules = .trusting(Self.root)
    rules.crl = TLSData(Self.root.pem, source: "crl.pem")
    #expect(failure { $0.common.validation = rules }?.kind == .crl)
  }

  @Test func certificatesAreTold() throws {
    var settings = ServerTLSSettings(Self.server)
    settings.common.validation = .trusting(Self.root)
    let context = try TLSContext(server: settings)
    let details = try #require(context.certificates.first)
    #expect(details.path == "chain.pem")
    #expect(details.serialNumber == "c0ffee")
    #expect(details.subjectAltNames == [SubjectAltName(.dns, "a.example"), SubjectAltName(.ip, "127.0.0.1")])
    #expect(details.expirationTime == TestCertificate.newYear + 365 * TestCertificate.day)
    #expect(details.daysUntilExpiration(now: TestCertificate.newYear + 1) == 364)
    #expect(details.daysUntilExpiration(now: .max) == 0)
    #expect(context.trustedCA.map(\.subject) == ["CN=root"])
  }

  @Test func secretsGoToTheKeyLogOnly() throws {
    let path = "/tmp/pillion-keylog-\(getpid())"
    defer { unlink(path) }
    var settings = ServerTLSSettings(Self.server)
    settings.common.keyLogPath = path
    let pair = try TLSPair(
      TLSContext(client: ClientTLSSettings(trusting: Self.root)), TLSContext(server: settings))
    pair.turn()
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    var labels: [String] = []
    while fgets(&line, 512, file) != nil {
      labels.append(String(String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self).prefix { $0 != " " }))
    }
    #expect(labels.contains("SERVER_HANDSHAKE_TRAFFIC_SECRET"))
    #expect(labels.contains("CLIENT_TRAFFIC_SECRET_0"))
  }
}
