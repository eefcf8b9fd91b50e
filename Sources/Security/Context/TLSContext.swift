import COpenSSL
import Reactor

/// What the sessions of a listener's filter chain, or of a cluster, have in common: an SSL_CTX with its rules. Immutable,
/// and shared by all workers; a rotation of certificates makes a new one, and sessions that stand keep theirs.
///
/// Several certificates are several SSL_CTXs, alike but for that; the first one makes the sessions, and
/// ``CertificateSelector`` exchanges it when the client has said what it wants.
///
/// Sound as `@unchecked Sendable`: an SSL_CTX locks what it changes by itself, and we change none once it is shared.
package final class TLSContext: @unchecked Sendable {
  package enum Role: Sendable { case client, server }

  package let role: Role
  /// Our own certificates, in the configuration's order.
  package let certificates: [CertificateDetails]
  /// The trusted certificates of the validation rules.
  package let trustedCA: [CertificateDetails]

  let contexts: [OpaquePointer]
  let verifier: CertificateVerifier?
  let selector: CertificateSelector?
  /// Whether a client that speaks TLS 1.3 has the choice of the cipher, and others have not.
  let takesClientOrder: Bool
  let tickets: TicketKeys?
  let sessions: ClientSessions?
  let keyLog: KeyLog?
  /// Our ALPN protocols as the wire has them.
  let alpn: [UInt8]
  private let serverName: String

  /// - Throws: a certificate, key, list or name that cannot be used.
  package convenience init(server settings: ServerTLSSettings) throws(TLSConfigurationError) {
    let tickets =
      settings.sessionTicketKeys.isEmpty ? nil : try TicketKeys(settings.sessionTicketKeys)
    try self.init(
      .server, settings.common, tickets: tickets, fullScan: settings.fullScanCertificatesOnSNIMismatch
    ) {
      (context, verifier) throws(TLSConfigurationError) in
      try Self.configureServer(context, settings, verifier, hasTicketKeys: tickets != nil)
    }
  }

  /// - Throws: a certificate, key, list or name that cannot be used.
  package convenience init(client settings: ClientTLSSettings) throws(TLSConfigurationError) {
    let sessions = settings.maxSessionKeys > 0 ? ClientSessions(capacity: settings.maxSessionKeys) : nil
    try self.init(.client, settings.common, serverName: settings.serverName, sessions: sessions) {
      (context, verifier) throws(TLSConfigurationError) in
      Self.configureClient(context, settings, verifier)
    }
  }

  private init(
    _ role: Role, _ settings: CommonTLSSettings, serverName: String = "", tickets: TicketKeys? = nil,
    sessions: ClientSessions? = nil, fullScan: Bool = false,
    _ configure: (OpaquePointer, CertificateVerifier?) throws(TLSConfigurationError) -> Void
  ) throws(TLSConfigurationError) {
    var loaded: [LoadedCertificate] = []
    for certificate in settings.certificates { loaded.append(try LoadedCertificate(certificate)) }
    var verifier: CertificateVerifier?
    if let rules = settings.validation { verifier = try CertificateVerifier(rules) }
    let alpn = try Self.wireFormat(settings.alpnProtocols)
    var made: [OpaquePointer] = []
    do {
      for index in 0..<max(loaded.count, 1) {
        let context = try Self.make(role, settings, alpn)
        made.append(context)
        if let store = verifier?.store { SSL_CTX_set1_cert_store(context, store) }
        if index < loaded.count { try Self.use(loaded[index], in: context) }
        try configure(context, verifier)
      }
      keyLog = try settings.keyLogPath.map { path throws(TLSConfigurationError) in try KeyLog(path) }
    } catch {
      for context in made { SSL_CTX_free(context) }
      throw error
    }
    if keyLog != nil { for context in made { SSL_CTX_set_keylog_callback(context, KeyLog.callback) } }
    self.role = role
    self.verifier = verifier
    self.alpn = alpn
    self.serverName = serverName
    self.tickets = tickets
    self.sessions = sessions
    contexts = made
    certificates = loaded.map { CertificateDetails($0.leaf, path: $0.source) }
    trustedCA = verifier?.trustedCA ?? []
    selector =
      role == .server && loaded.count > 1 ? CertificateSelector(loaded, fullScan: fullScan) : nil
    takesClientOrder = role == .server && settings.minimumVersion < .tls13 && settings.maximumVersion == .tls13
    if selector != nil || takesClientOrder, let first = made.first {
      SSL_CTX_set_client_hello_cb(first, ClientHelloView.callback, nil)
    }
  }

  deinit { for context in contexts { SSL_CTX_free(context) } }

  /// A session for one connection, to be given to `Connection(…, transportSocket:)` on the buffers' loop.
  package func makeSession(_ buffers: TLSBuffers, _ options: TLSSessionOptions = TLSSessionOptions()) -> TLSSession {
    let ssl = contexts.first.flatMap { SSL_new($0) }
    let session = TLSSession(self, buffers, options, ssl: ssl)
    if role == .client, let ssl { prepareClient(ssl, options) }
    return session
  }

  private func prepareClient(_ ssl: OpaquePointer, _ options: TLSSessionOptions) {
    let name = options.serverName.isEmpty ? serverName : options.serverName
    if !name.isEmpty { _ = pl_tls_set_server_name(ssl, name) }
    if !options.alpnProtocols.isEmpty, let wire = try? Self.wireFormat(options.alpnProtocols) {
      SSL_set_alpn_protos(ssl, wire, UInt32(truncatingIfNeeded: wire.count))
    }
    sessions?.offer(to: ssl, for: options)
  }

  /// Where an SSL keeps its ``TLSSession``.
  static let sessionIndex = pl_tls_new_session_index()
}
