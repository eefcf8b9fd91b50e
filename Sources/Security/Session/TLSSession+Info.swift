import COpenSSL

/// What a session says about itself and its peer, once it is established.
extension TLSSession {
  /// The peer's certificate; nil where it presented none. Asked for once, then kept.
  package var peer: PeerCertificate? { knownPeer }

  /// What the peer presented, also where that was refused: for logs, not for decisions.
  package var presentedPeer: PeerCertificate? { refusedPeer ?? peer }

  func readPeer() -> PeerCertificate? {
    guard let ssl, let certificate = SSL_get0_peer_certificate(ssl) else { return nil }
    let sent = SSL_get_peer_cert_chain(ssl)
    let links = (0..<max(pl_tls_certificate_count(sent), 0)).compactMap { pl_tls_certificate_at(sent, $0) }
    // A server's view of the chain leaves out the client's own certificate.
    return PeerCertificate(certificate, chain: context.role == .client ? Array(links.dropFirst()) : links)
  }

  /// Our certificate in this session; nil where we presented none.
  package var localCertificate: CertificateDetails? {
    guard let ssl, let used = SSL_get_certificate(ssl) else { return nil }
    let index = context.contexts.firstIndex { SSL_CTX_get0_certificate($0) == used }
    guard let index, index < context.certificates.count else { return nil }
    return context.certificates[index]
  }

  /// What both sides agreed on ("http/1.1", "h2"); empty for nothing.
  package var alpnProtocol: String {
    var start: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &start, &count)
    return String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
  }

  /// The name that the client asked for; empty for none.
  package var serverName: String {
    guard let ssl, let name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) else { return "" }
    return String(cString: name)
  }

  /// "TLSv1.3"
  package var version: String {
    guard let ssl, let name = SSL_get_version(ssl) else { return "" }
    return String(cString: name)
  }

  /// "TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"
  package var cipherName: String {
    guard let ssl, let cipher = SSL_get_current_cipher(ssl) ?? SSL_get_pending_cipher(ssl),
      let name = SSL_CIPHER_get_name(cipher)
    else { return "" }
    return String(cString: name)
  }

  /// Lower-case hexadecimal; empty for none.
  package var sessionID: String {
    guard let ssl, let session = SSL_get_session(ssl) else { return "" }
    var count: UInt32 = 0
    guard let start = SSL_SESSION_get_id(session, &count) else { return "" }
    return X509Fields.hex(Array(UnsafeBufferPointer(start: start, count: Int(count))))
  }

  package var isResumed: Bool {
    guard let ssl else { return false }
    return SSL_session_reused(ssl) == 1
  }

  /// The curve of the key exchange by Envoy's name ("X25519", "P-256"); empty for none.
  package var curveName: String {
    guard let ssl else { return "" }
    switch pl_tls_group(ssl) {
    case NID_X25519: return "X25519"
    case NID_X448: return "X448"
    case NID_X9_62_prime256v1: return "P-256"
    case NID_secp384r1: return "P-384"
    case NID_secp521r1: return "P-521"
    default: return ""
    }
  }

  /// The algorithm of the peer's signature in the handshake ("rsa_pss_rsae_sha256"); empty for none.
  package var peerSignatureAlgorithm: String {
    var type = NID_undef
    guard let ssl, SSL_get_peer_signature_type_nid(ssl, &type) == 1 else { return resumedSignatureAlgorithm }
    let bits: String
    switch pl_tls_peer_signature_digest(ssl) {
    case NID_sha1: bits = "sha1"
    case NID_sha256: bits = "sha256"
    case NID_sha384: bits = "sha384"
    case NID_sha512: bits = "sha512"
    default: return type == NID_ED25519 ? "ed25519" : ""
    }
    switch type {
    case EVP_PKEY_RSA_PSS: return "rsa_pss_rsae_\(bits)"
    case EVP_PKEY_RSA: return "rsa_pkcs1_\(bits)"
    case EVP_PKEY_EC:
      let curves = ["sha1": "sha1", "sha256": "secp256r1_sha256", "sha384": "secp384r1_sha384"]
      return "ecdsa_\(curves[bits] ?? "secp521r1_sha512")"
    default: return ""
    }
  }

  /// A resumed session has no signature of its own, and OpenSSL does not keep that of the first: what the peer's key signs
  /// with, by preference.
  private var resumedSignatureAlgorithm: String {
    guard isResumed, let ssl, let certificate = SSL_get0_peer_certificate(ssl), let key = X509_get0_pubkey(certificate)
    else { return "" }
    switch (EVP_PKEY_get_base_id(key), EVP_PKEY_get_bits(key)) {
    case (EVP_PKEY_RSA, _): return "rsa_pss_rsae_sha256"
    case (EVP_PKEY_EC, ...256): return "ecdsa_secp256r1_sha256"
    case (EVP_PKEY_EC, ...384): return "ecdsa_secp384r1_sha384"
    case (EVP_PKEY_EC, _): return "ecdsa_secp521r1_sha512"
    case (EVP_PKEY_ED25519, _): return "ed25519"
    default: return ""
    }
  }
}
