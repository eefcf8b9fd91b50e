import Testing

@testable import Reactor
@testable import Security

@Suite struct HandshakeTests {
  private let root = TestCertificate("root", isCA: true)
  private let server: TestCertificate
  private let client: TestCertificate

  init() {
    server = TestCertificate("server", names: "DNS:server.example,URI:spiffe://example/server", issuer: root)
    client = TestCertificate("client one", names: "URI:spiffe://example/client,IP:10.0.0.1", issuer: root, serial: 0xab)
  }

  private func mutual(_ version: TLSVersion) throws -> TLSPair {
    var serverSettings = ServerTLSSettings(server)
    serverSettings.common.validation = .trusting(root)
    serverSettings.requireClientCertificate = true
    serverSettings.common.alpnProtocols = ["h2", "http/1.1"]
    var clientSettings = ClientTLSSettings(trusting: root, certificate: client)
    clientSettings.common.maximumVersion = version
    clientSettings.common.alpnProtocols = ["http/1.1"]
    clientSettings.serverName = "server.example"
    return try TLSPair(TLSContext(client: clientSettings), TLSContext(server: serverSettings))
  }

  @Test(arguments: [TLSVersion.tls12, .tls13]) func bothSidesKnowEachOther(_ version: TLSVersion) throws {
    let pair = try mutual(version)
    pair.turn()
    #expect(pair.client.connected == 1)
    #expect(pair.server.connected == 1)
    #expect(pair.serverSession.isPeerValidated)
    #expect(pair.clientSession.isPeerValidated)
    let peer = try #require(pair.serverSession.peer)
    #expect(peer.subject == "CN=client one")
    #expect(peer.issuer == "CN=root")
    #expect(peer.uriSANs == ["spiffe://example/client"])
    #expect(peer.ipSANs == ["10.0.0.1"])
    #expect(peer.serialNumber == "ab")
    #expect(peer.notBefore == TestCertificate.newYear - TestCertificate.day)
    #expect(peer.sha256Digest.count == 64)
    #expect(peer.pem == String(decoding: client.pem, as: UTF8.self))
    #expect(pair.clientSession.peer?.dnsSANs == ["server.example"])
    #expect(pair.serverSession.localCertificate?.subject == "CN=server")
    #expect(pair.clientSession.localCertificate?.subject == "CN=client one")
    #expect(pair.serverSession.serverName == "server.example")
    #expect(pair.serverSession.alpnProtocol == "http/1.1")
    #expect(pair.clientSession.alpnProtocol == "http/1.1")
    #expect(pair.serverSession.version == (version == .tls13 ? "TLSv1.3" : "TLSv1.2"))
    #expect(
      pair.serverSession.cipherName
        == (version == .tls13 ? "TLS_AES_128_GCM_SHA256" : "ECDHE-ECDSA-AES128-GCM-SHA256"))
    #expect(pair.serverSession.curveName == "X25519")
    #expect(pair.serverSession.peerSignatureAlgorithm == "ecdsa_secp256r1_sha256")
    #expect(!pair.serverSession.isResumed)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13]) func bytesGoBothWays(_ version: TLSVersion) throws {
    let pair = try mutual(version)
    pair.clientConnection.write(ByteView("before it stands"))
    pair.turn()
    #expect(pair.server.received == Array("before it stands".utf8))
    pair.serverConnection.write(ByteView("answer"))
    pair.turn()
    #expect(pair.client.received == Array("answer".utf8))
    pair.serverConnection.close(.flushWrite)
    pair.turn()
    #expect(pair.server.closed == [.localClose])
    #expect(pair.client.closed == [.remoteClose])
    #expect(pair.clientSession.failureReason.isEmpty)
  }

  @Test func aClientWithoutCertificateIsRefused() throws {
    var settings = ServerTLSSettings(server)
    settings.common.validation = .trusting(root)
    settings.requireClientCertificate = true
    let pair = try TLSPair(TLSContext(client: ClientTLSSettings(trusting: root)), TLSContext(server: settings))
    pair.turn()
    #expect(pair.server.connected == 0)
    #expect(pair.server.closed == [.transportFailure])
    #expect(pair.serverSession.failure?.counter == .failVerifyNoCert)
    #expect(pair.client.closed == [.transportFailure])
    #expect(pair.clientSession.failure?.counter == .connectionError)
  }
}
