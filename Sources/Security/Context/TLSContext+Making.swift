import COpenSSL

/// From settings to an SSL_CTX.
extension TLSContext {
  /// Envoy's defaults without FIPS.
  private static let defaultCipherSuites = [
    "[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]",
    "[ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
  ]
  private static let defaultCurves = ["X25519", "P-256"]
  /// BoringSSL's order where AES is in hardware; not configurable, as in Envoy.
  private static let tls13CipherSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"

  static func make(
    _ role: Role, _ settings: CommonTLSSettings, _ alpn: [UInt8]
  ) throws(TLSConfigurationError) -> OpaquePointer {
    let method = role == .server ? TLS_server_method() : TLS_client_method()
    guard let library = TLSLibrary.context, let context = SSL_CTX_new_ex(library, nil, method) else {
      throw TLSConfigurationError(.outOfMemory, "OpenSSL cannot make a context: \(OpenSSLError.takeText())")
    }
    do {
      try setCommon(context, settings)
      if !alpn.isEmpty {
        if role == .server {
          SSL_CTX_set_alpn_select_cb(context, selectALPN, nil)
        } else {
          SSL_CTX_set_alpn_protos(context, alpn, UInt32(truncatingIfNeeded: alpn.count))
        }
      }
    } catch {
      SSL_CTX_free(context)
      throw error
    }
    return context
  }

  private static func setCommon(
    _ context: OpaquePointer, _ settings: CommonTLSSettings
  ) throws(TLSConfigurationError) {
    ERR_clear_error()
    pl_tls_set_modes(context)
    SSL_CTX_set_options(context, pl_tls_OP_NO_COMPRESSION | pl_tls_OP_NO_RENEGOTIATION)
    guard settings.minimumVersion <= settings.maximumVersion else {
      throw TLSConfigurationError(.versions, "tls_minimum_protocol_version is above tls_maximum_protocol_version")
    }
    _ = pl_tls_set_min_version(context, settings.minimumVersion.rawValue)
    _ = pl_tls_set_max_version(context, settings.maximumVersion.rawValue)
    // OpenSSL's levels would refuse the signatures of TLS 1.0 and 1.1 (SHA-1); Envoy has no such levels.
    SSL_CTX_set_security_level(context, settings.minimumVersion < .tls12 ? 0 : 1)
    SSL_CTX_set_ciphersuites(context, tls13CipherSuites)
    try setCipherSuites(context, settings.cipherSuites.isEmpty ? defaultCipherSuites : settings.cipherSuites)
    let curves = settings.ecdhCurves.isEmpty ? defaultCurves : settings.ecdhCurves
    guard pl_tls_set_groups(context, curves.joined(separator: ":")) == 1 else {
      ERR_clear_error()
      throw TLSConfigurationError(.curves, "Failed to initialize ECDH curves \(curves.joined(separator: ":"))")
    }
    if !settings.signatureAlgorithms.isEmpty {
      let list = settings.signatureAlgorithms.joined(separator: ":")
      guard pl_tls_set_signature_algorithms(context, list) == 1,
        pl_tls_set_client_signature_algorithms(context, list) == 1
      else {
        ERR_clear_error()
        throw TLSConfigurationError(.signatureAlgorithms, "Failed to initialize TLS signature algorithms \(list)")
      }
    }
  }

  /// Envoy's list has groups of equal preference, "[A|B]": OpenSSL knows the order alone, and prefers ChaCha20 for clients
  /// that do (SSL_OP_PRIORITIZE_CHACHA), which is what such groups are for.
  private static func setCipherSuites(_ context: OpaquePointer, _ suites: [String]) throws(TLSConfigurationError) {
    let names = suites.flatMap { suite in
      suite.split(separator: ":").flatMap { group in
        group.split(whereSeparator: { $0 == "|" || $0 == "[" || $0 == "]" }).map(String.init)
      }
    }
    let rejected = names.filter { SSL_CTX_set_cipher_list(context, $0) != 1 }
    ERR_clear_error()
    guard rejected.isEmpty, SSL_CTX_set_cipher_list(context, names.joined(separator: ":")) == 1 else {
      ERR_clear_error()
      throw TLSConfigurationError(
        .cipherSuites,
        "Failed to initialize cipher suites \(suites.joined(separator: ":")). The following ciphers were rejected when "
          + "tried individually: \(rejected.joined(separator: ", "))")
    }
  }

  static func use(_ certificate: LoadedCertificate, in context: OpaquePointer) throws(TLSConfigurationError) {
    ERR_clear_error()
    var works = SSL_CTX_use_certificate(context, certificate.leaf) == 1
    works = works && SSL_CTX_use_PrivateKey(context, certificate.key) == 1
    for link in certificate.chain.dropFirst() { works = works && pl_tls_add_chain_certificate(context, link) == 1 }
    if !works {
      throw TLSConfigurationError(
        .certificateChain, "Failed to load certificate chain from \(certificate.source): \(OpenSSLError.takeText())")
    }
  }

  // MARK: Roles

  static func configureServer(
    _ context: OpaquePointer, _ settings: ServerTLSSettings, _ verifier: CertificateVerifier?, hasTicketKeys: Bool
  ) throws(TLSConfigurationError) {
    // For TLS 1.3 the client's order counts, as in Envoy: ClientHelloCallback takes the option away again.
    if settings.preferServerCiphers && settings.common.minimumVersion < .tls13 {
      SSL_CTX_set_options(context, pl_tls_OP_CIPHER_SERVER_PREFERENCE | pl_tls_OP_PRIORITIZE_CHACHA)
    }
    if !settings.sessionTickets { SSL_CTX_set_options(context, pl_tls_OP_NO_TICKET) }
    pl_tls_set_session_cache(context, Int(settings.sessionCache ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF))
    // Without this OpenSSL would give out sessions of TLS 1.3 that it keeps itself; BoringSSL has none such.
    if !settings.sessionTickets { SSL_CTX_set_num_tickets(context, 0) }
    if hasTicketKeys { _ = pl_tls_set_ticket_key_callback(context, TicketKeys.callback) }
    if let seconds = settings.sessionTimeoutSeconds { SSL_CTX_set_timeout(context, seconds) }
    let id = SessionContextID.make(settings)
    SSL_CTX_set_session_id_context(context, id, UInt32(id.count))
    pl_tls_set_server_name_callback(context) { _, _, _ in SSL_TLSEXT_ERR_OK }
    guard let verifier, verifier.checksAnything else { return SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil) }
    // As Envoy: without a trusted CA, require_client_certificate asks for nothing by itself.
    let requires = settings.requireClientCertificate && verifier.store != nil || verifier.needsCertificate
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (requires ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nil)
    SSL_CTX_set_cert_verify_callback(context, verifyPeer, nil)
    guard let rules = settings.common.validation, let trusted = rules.trustedCA else { return }
    if !rules.suppressesClientCAList { try setClientCANames(context, trusted) }
  }

  static func configureClient(_ context: OpaquePointer, _ settings: ClientTLSSettings, _ verifier: CertificateVerifier?)
  {
    if settings.maxSessionKeys > 0 {
      pl_tls_set_session_cache(context, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
      SSL_CTX_sess_set_new_cb(context, ClientSessions.callback)
    } else {
      pl_tls_set_session_cache(context, Int(SSL_SESS_CACHE_OFF))
    }
    guard let verifier, verifier.checksAnything else { return SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil) }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    SSL_CTX_set_cert_verify_callback(context, verifyPeer, nil)
  }

  /// Which authorities a client may have its certificate from.
  private static func setClientCANames(_ context: OpaquePointer, _ trusted: TLSData) throws(TLSConfigurationError) {
    let found = try PEMReader.certificates(trusted, .trustedCA, "trusted CA certificates")
    defer { for certificate in found { X509_free(certificate) } }
    guard let names = pl_tls_new_names() else { return }
    var seen: [OpaquePointer] = []
    for certificate in found {
      guard let name = X509_get_subject_name(certificate), !seen.contains(where: { X509_NAME_cmp($0, name) == 0 }),
        let copy = X509_NAME_dup(name)
      else { continue }
      seen.append(name)
      _ = pl_tls_push_name(names, copy)
    }
    SSL_CTX_set_client_CA_list(context, names)
  }

  // MARK: Callbacks

  private static let verifyPeer: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { chain, _ in
    guard let chain, let data = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()),
      let session = TLSSession.of(OpaquePointer(data)), let verifier = session.context.verifier
    else { return 0 }
    return verifier.verify(chain, for: session)
  }

  /// The first of ours that the client offers; none is no failure (as Envoy).
  private static let selectALPN:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?, UnsafePointer<UInt8>?,
      UInt32, UnsafeMutableRawPointer?
    ) -> Int32 = { ssl, selected, length, offered, offeredCount, _ in
      guard let selected, let length, let offered, let ours = TLSSession.of(ssl)?.context.alpn else {
        return SSL_TLSEXT_ERR_NOACK
      }
      var start: UnsafeMutablePointer<UInt8>?
      let result = ours.withUnsafeBufferPointer {
        SSL_select_next_proto(
          &start, length, $0.baseAddress, UInt32(truncatingIfNeeded: $0.count), offered, offeredCount)
      }
      guard result == OPENSSL_NPN_NEGOTIATED, let start else { return SSL_TLSEXT_ERR_NOACK }
      selected.pointee = UnsafePointer(start)
      return SSL_TLSEXT_ERR_OK
    }

  /// Each protocol behind its length (RFC 7301 §3.1).
  static func wireFormat(_ protocols: [String]) throws(TLSConfigurationError) -> [UInt8] {
    var wire: [UInt8] = []
    for name in protocols {
      guard let length = UInt8(exactly: name.utf8.count), length > 0 else {
        throw TLSConfigurationError(.alpn, "Invalid ALPN protocol string \(name)")
      }
      wire.append(length)
      wire += name.utf8
    }
    guard wire.count < 65_535 else { throw TLSConfigurationError(.alpn, "Invalid ALPN protocol string: too long") }
    return wire
  }
}
