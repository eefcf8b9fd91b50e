import Testing

@testable import Reactor
@testable import Security

/// ALPN, and which of several certificates a client gets.
@Suite struct SelectionTests {
  private let root = TestCertificate("root", isCA: true)

  private func connect(
    _ server: ServerTLSSettings, name: String = "", _ change: (inout ClientTLSSettings) -> Void = { _ in }
  ) throws -> TLSPair {
    var client = ClientTLSSettings(trusting: root)
    client.serverName = name
    change(&client)
    let pair = try TLSPair(TLSContext(client: client), TLSContext(server: server))
    pair.turn()
    #expect(pair.client.connected == 1, "\(pair.clientSession.failureReason)")
    return pair
  }

  private func several() -> ServerTLSSettings {
    var settings = ServerTLSSettings()
    settings.common.certificates = [
      TestCertificate("first", names: "DNS:first.example", issuer: root, key: .rsa).settings,
      TestCertificate("second", names: "DNS:second.example,DNS:*.second.example", issuer: root).settings,
      TestCertificate("second rsa", names: "DNS:second.example", issuer: root, key: .rsa).settings,
      TestCertificate("Common.Example", issuer: root).settings,
    ]
    return settings
  }

  @Test func theCertificateGoesByNameAndKey() throws {
    let server = several()
    let expected = [
      ("first.example", "first"), ("second.example", "second"), ("SECOND.example", "second"),
      ("a.second.example", "second"), ("b.a.second.example", "first"), ("unknown.example", "first"), ("", "second"),
      ("common.example", "Common.Example"),
    ]
    for (name, certificate) in expected {
      let pair = try connect(server, name: name)
      #expect(pair.clientSession.peer?.subject == "CN=\(certificate)", "\(name)")
      #expect(pair.serverSession.localCertificate?.subject == "CN=\(certificate)", "\(name)")
      #expect(pair.serverSession.serverName == name)
    }
  }

  @Test func aClientWithoutECDSAGetsRSA() throws {
    let pair = try connect(several(), name: "second.example") {
      $0.common.signatureAlgorithms = ["rsa_pss_rsae_sha256", "rsa_pkcs1_sha256"]
    }
    #expect(pair.clientSession.peer?.subject == "CN=second rsa")
    let old = try connect(several(), name: "second.example") {
      $0.common.maximumVersion = .tls12
      $0.common.cipherSuites = ["ECDHE-RSA-AES128-GCM-SHA256"]
    }
    #expect(old.clientSession.peer?.subject == "CN=second rsa")
  }

  @Test func aFullScanLooksBeyondTheFirst() throws {
    var server = several()
    server.fullScanCertificatesOnSNIMismatch = true
    #expect(try connect(server, name: "unknown.example").clientSession.peer?.subject == "CN=second")
  }

  @Test(arguments: [
    (["h2", "http/1.1"], ["http/1.1", "h2"], "h2"), (["http/1.1"], ["h2", "http/1.1"], "http/1.1"),
    (["h2"], ["http/1.1"], ""), ([], ["h2"], ""), (["h2"], [], ""),
  ]) func alpn(_ server: [String], _ client: [String], _ agreed: String) throws {
    var settings = several()
    settings.common.alpnProtocols = server
    for name in ["first.example", "second.example"] {
      let pair = try connect(settings, name: name) { $0.common.alpnProtocols = client }
      #expect(pair.serverSession.alpnProtocol == agreed)
      #expect(pair.clientSession.alpnProtocol == agreed)
    }
  }

  @Test func anotherOfferInOneSession() throws {
    var server = several()
    server.common.alpnProtocols = ["h2", "http/1.1"]
    var client = ClientTLSSettings(trusting: root)
    client.common.alpnProtocols = ["http/1.1"]
    var options = TLSSessionOptions()
    options.alpnProtocols = ["h2"]
    options.serverName = "second.example"
    let pair = try TLSPair(TLSContext(client: client), TLSContext(server: server), options: options)
    pair.turn()
    #expect(pair.clientSession.alpnProtocol == "h2")
    #expect(pair.serverSession.serverName == "second.example")
  }

  @Test func versionsMustMeet() throws {
    var server = several()
    server.common.minimumVersion = .tls13
    var client = ClientTLSSettings(trusting: root)
    client.common.maximumVersion = .tls12
    let pair = try TLSPair(TLSContext(client: client), TLSContext(server: server))
    pair.turn()
    #expect(
      pair.serverSession.failure == TLSFailure(counter: .connectionError, reason: "TLS error: unsupported protocol"))
    #expect(pair.clientSession.failureReason == "TLS error: the peer refused with alert 70, protocol version")
  }

  @Test func oldVersionsWorkWhereTheyAreAsked() throws {
    var server = several()
    server.common.minimumVersion = .tls10
    server.common.cipherSuites = ["ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA"]
    for (version, name) in [(TLSVersion.tls10, "TLSv1"), (.tls11, "TLSv1.1")] {
      let pair = try connect(server, name: "first.example") {
        $0.common.minimumVersion = .tls10
        $0.common.maximumVersion = version
        $0.common.cipherSuites = ["ECDHE-RSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA"]
      }
      #expect(pair.serverSession.version == name)
    }
  }
}
