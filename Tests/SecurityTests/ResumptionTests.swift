import Testing

@testable import Reactor
@testable import Security

@Suite struct ResumptionTests {
  private let root = TestCertificate("root", isCA: true)
  private let server: TestCertificate
  private let client: TestCertificate

  init() {
    server = TestCertificate("server", names: "DNS:server.example", issuer: root)
    client = TestCertificate("client", names: "URI:spiffe://example/client", issuer: root)
  }

  private func serverSettings(_ change: (inout ServerTLSSettings) -> Void = { _ in }) -> ServerTLSSettings {
    var settings = ServerTLSSettings(server)
    settings.common.validation = .trusting(root)
    settings.requireClientCertificate = true
    change(&settings)
    return settings
  }

  private func clientContext(_ version: TLSVersion, keys: Int = 1) throws -> TLSContext {
    var settings = ClientTLSSettings(trusting: root, certificate: client)
    settings.common.maximumVersion = version
    settings.maxSessionKeys = keys
    settings.serverName = "server.example"
    return try TLSContext(client: settings)
  }

  /// Connects, and tells whether both sides resumed.
  private func resumes(_ client: TLSContext, _ server: TLSContext) throws -> Bool {
    let pair = try TLSPair(client, server)
    pair.turn()
    #expect(pair.server.connected == 1)
    #expect(pair.client.connected == 1)
    #expect(pair.serverSession.isResumed == pair.clientSession.isResumed)
    #expect(pair.serverSession.peer?.uriSANs == ["spiffe://example/client"])
    // As Envoy: a resumed peer is the one of before, but not validated anew.
    #expect(pair.serverSession.isPeerValidated == !pair.serverSession.isResumed)
    return pair.serverSession.isResumed
  }

  @Test(arguments: [TLSVersion.tls12, .tls13], [true, false])
  func theSecondConnectionResumes(_ version: TLSVersion, _ tickets: Bool) throws {
    let server = try TLSContext(server: serverSettings { $0.sessionTickets = tickets })
    let client = try clientContext(version)
    // As Envoy: without tickets TLS 1.3 has nothing to resume by.
    let expected = tickets || version == .tls12
    #expect(try !resumes(client, server))
    #expect(try resumes(client, server) == expected)
    #expect(try resumes(client, server) == expected)
  }

  @Test func aSessionServesOnlyTheNamesItWasVerifiedFor() throws {
    let server = try TLSContext(server: serverSettings())
    let client = try clientContext(.tls12)
    func resumes(_ name: String) throws -> Bool {
      var options = TLSSessionOptions()
      options.serverName = name
      options.subjectAltNames = [name]
      let pair = try TLSPair(client, server, options: options)
      pair.turn()
      return pair.clientSession.isResumed
    }
    #expect(try !resumes("server.example"))
    #expect(try resumes("server.example"))
    #expect(try !resumes("other.example"))
  }

  @Test(arguments: [TLSVersion.tls12, .tls13]) func nothingIsKeptWhereNothingMayBe(_ version: TLSVersion) throws {
    let without = try TLSContext(
      server: serverSettings {
        $0.sessionTickets = false
        $0.sessionCache = false
      })
    let client = try clientContext(version)
    #expect(try !resumes(client, without))
    #expect(try !resumes(client, without))
    let keyless = try clientContext(version, keys: 0)
    let server = try TLSContext(server: serverSettings())
    #expect(try !resumes(keyless, server))
    #expect(try !resumes(keyless, server))
  }

  private func ticketKey(_ seed: UInt8) -> TLSKeyData { TLSKeyData(KeyBytes(Array(repeating: seed, count: 80))) }

  @Test(arguments: [TLSVersion.tls12, .tls13]) func ticketKeysOutliveAContext(_ version: TLSVersion) throws {
    let client = try clientContext(version)
    let first = try TLSContext(server: serverSettings { $0.sessionTicketKeys = [ticketKey(1)] })
    #expect(try !resumes(client, first))
    let rotated = try TLSContext(server: serverSettings { $0.sessionTicketKeys = [ticketKey(2), ticketKey(1)] })
    #expect(try resumes(client, rotated))
    let later = try TLSContext(server: serverSettings { $0.sessionTicketKeys = [ticketKey(3), ticketKey(2)] })
    // OpenSSL's client keeps its first ticket in TLS 1.2, though the server sent one of the new key.
    #expect(try resumes(client, later) == (version == .tls13))
    let stranger = try TLSContext(server: serverSettings { $0.sessionTicketKeys = [ticketKey(9)] })
    #expect(try !resumes(client, stranger))
  }

  /// Else a client could carry its identity to a listener that would not have let it in.
  @Test(arguments: [TLSVersion.tls12, .tls13]) func otherRulesResumeNothing(_ version: TLSVersion) throws {
    let client = try clientContext(version)
    #expect(try !resumes(client, TLSContext(server: serverSettings { $0.sessionTicketKeys = [ticketKey(1)] })))
    let stricter = try TLSContext(
      server: serverSettings {
        $0.sessionTicketKeys = [ticketKey(1)]
        $0.common.validation?.subjectAltNameMatchers = [
          SubjectAltNameMatcher(.uri, .exact("spiffe://example/client"))
        ]
      })
    #expect(try !resumes(client, stricter))
  }

  @Test(arguments: [TLSVersion.tls12, .tls13]) func otherPatternsResumeNothing(_ version: TLSVersion) throws {
    func server(_ definition: String, _ change: (inout ValidationRules?) -> Void = { _ in }) throws -> TLSContext {
      let settings = serverSettings {
        $0.sessionTicketKeys = [ticketKey(1)]
        $0.common.validation?.subjectAltNameMatchers = [
          SubjectAltNameMatcher(.uri, .matches(definition: definition) { _ in true })
        ]
        change(&$0.common.validation)
      }
      return try TLSContext(server: settings)
    }
    let client = try clientContext(version)
    #expect(try !resumes(client, server("one")))
    #expect(try resumes(client, server("one")))
    #expect(try !resumes(client, server("another")))
    #expect(try !resumes(client, server("another") { $0?.trustChainVerification = .acceptUntrusted }))
    #expect(try !resumes(client, server("another") { $0?.allowExpiredCertificate = true }))
    #expect(try !resumes(client, server("another") { $0?.maxVerifyDepth = 1 }))
  }

  @Test func aKeyOfAnotherLengthIsRefused() {
    #expect(
      throws: TLSConfigurationError(
        .ticketKeys, "Incorrect TLS session ticket key length in <inline>. Length 79, expected length 80.")
    ) {
      try TLSContext(
        server: serverSettings { $0.sessionTicketKeys = [TLSKeyData(KeyBytes(Array(repeating: 1, count: 79)))] })
    }
  }
}
