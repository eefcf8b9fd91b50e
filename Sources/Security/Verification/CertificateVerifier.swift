import COpenSSL
import Reactor

/// Decides on a peer's chain, in Envoy's order: the chain up to a trusted CA (with revocation and times), then the SANs,
/// then the hashes. Immutable; shared by the sessions of a ``TLSContext``.
///
/// Sound as `@unchecked Sendable`: the store is filled before it is shared, and OpenSSL locks what it adds to it later.
final class CertificateVerifier: @unchecked Sendable {
  let rules: ValidationRules
  /// Trusted certificates and revocation lists; nil for chains that are not checked.
  let store: OpaquePointer?
  let trustedCA: [CertificateDetails]

  init(_ rules: ValidationRules) throws(TLSConfigurationError) {
    self.rules = rules
    guard let trusted = rules.trustedCA else {
      store = nil
      trustedCA = []
      return
    }
    let made = try TrustStore.make(trusted, crl: rules.crl, onlyLeafCRL: rules.onlyVerifyLeafCertCRL)
    store = made.store
    trustedCA = made.certificates
  }

  deinit { X509_STORE_free(store) }

  private var checksHashes: Bool { !rules.certificateHashes.isEmpty || !rules.certificateSPKIs.isEmpty }

  /// Whether anything is to be checked; if not, a peer is not asked for a certificate on this account.
  var checksAnything: Bool {
    store != nil || checksHashes || !rules.subjectAltNameMatchers.isEmpty
      || rules.trustChainVerification == .acceptUntrusted
  }

  /// Whether a client without a certificate is refused even where none is required (Envoy: where SANs or hashes are
  /// configured).
  var needsCertificate: Bool {
    rules.trustChainVerification == .verify && (checksHashes || !rules.subjectAltNameMatchers.isEmpty)
  }

  /// OpenSSL asks: 1 for yes. Notes in the session what was found, and the alert's cause in `chain`.
  func verify(_ chain: OpaquePointer, for session: TLSSession) -> Int32 {
    if let failure = check(chain, for: session) {
      session.verificationFailure = failure
      if rules.trustChainVerification == .acceptUntrusted {
        X509_STORE_CTX_set_error(chain, X509_V_OK)
        return 1
      }
      X509_STORE_CTX_set_error(chain, Self.code(failure))
      session.refusedPeer = Self.presented(chain)
      return 0
    }
    session.isPeerValidated = true
    return 1
  }

  private static func presented(_ chain: OpaquePointer) -> PeerCertificate? {
    guard let leaf = X509_STORE_CTX_get0_cert(chain) else { return nil }
    let sent = X509_STORE_CTX_get0_untrusted(chain)
    let links = (0..<max(pl_tls_certificate_count(sent), 0)).compactMap { pl_tls_certificate_at(sent, $0) }
    return PeerCertificate(leaf, chain: links.filter { $0 != leaf })
  }

  private func check(_ chain: OpaquePointer, for session: TLSSession) -> VerificationFailure? {
    if store != nil, let failure = checkChain(chain, session) { return failure }
    guard let leaf = X509_STORE_CTX_get0_cert(chain) else {
      return VerificationFailure(check: .nothingChecked, reason: "the peer sent no certificate")
    }
    let names = session.options.subjectAltNames
    let checksNames = !names.isEmpty || !rules.subjectAltNameMatchers.isEmpty
    if checksNames, let failure = checkNames(leaf, names) { return failure }
    if checksHashes, let failure = checkHashes(leaf) { return failure }
    if store == nil && !checksNames && !checksHashes {
      return VerificationFailure(
        check: .nothingChecked, reason: "nothing to verify the peer's certificate against (\(X509Text.who(leaf)))")
    }
    return nil
  }

  private func checkChain(_ chain: OpaquePointer, _ session: TLSSession) -> VerificationFailure? {
    X509_STORE_CTX_set_time(chain, 0, time_t(session.buffers.loop.wallNow / 1_000_000_000))
    if let depth = rules.maxVerifyDepth { X509_STORE_CTX_set_depth(chain, Int32(clamping: max(depth - 1, 0))) }
    if rules.allowExpiredCertificate { X509_STORE_CTX_set_verify_cb(chain, Self.forgiveTimes) }
    if X509_verify_cert(chain) == 1 { return checkLength(chain) }
    let code = X509_STORE_CTX_get_error(chain)
    return VerificationFailure(check: .trustChain(code: code), reason: X509Text.describe(chain, code))
  }

  /// Envoy counts the root as well: a depth of 1 is a certificate and the one that signed it. OpenSSL does not, so a depth
  /// of 0 must be seen to here.
  private func checkLength(_ chain: OpaquePointer) -> VerificationFailure? {
    let count = Int(pl_tls_certificate_count(X509_STORE_CTX_get0_chain(chain)))
    guard let depth = rules.maxVerifyDepth, count > depth + 1 else { return nil }
    let code = X509_V_ERR_CERT_CHAIN_TOO_LONG
    return VerificationFailure(check: .trustChain(code: code), reason: X509Text.describe(chain, code))
  }

  private static let forgiveTimes: @convention(c) (Int32, OpaquePointer?) -> Int32 = { accepted, chain in
    if accepted == 1 { return 1 }
    let code = X509_STORE_CTX_get_error(chain)
    return code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID ? 1 : accepted
  }

  private func checkNames(_ leaf: OpaquePointer, _ wanted: [String]) -> VerificationFailure? {
    let names = SubjectAltName.all(of: leaf)
    if !wanted.isEmpty {
      let found = names.contains { name in
        wanted.contains { name.kind == .dns ? DNSName.matches($0, pattern: name.value) : $0 == name.value }
      }
      if !found { return nameFailure(leaf, names, "is not for \(wanted.joined(separator: " or "))") }
      return nil
    }
    let found = names.contains { name in rules.subjectAltNameMatchers.contains { $0.matches(name) } }
    return found ? nil : nameFailure(leaf, names, "has no subject alternative name that is allowed here")
  }

  private func nameFailure(_ leaf: OpaquePointer, _ names: [SubjectAltName], _ what: String) -> VerificationFailure {
    let shown = names.prefix(8).map { X509Text.shown($0.value) }.joined(separator: ", ")
    return VerificationFailure(
      check: .subjectAltName,
      reason: "the certificate \(what) (\(X509Text.who(leaf)), its names: \(shown.isEmpty ? "none" : shown))")
  }

  private func checkHashes(_ leaf: OpaquePointer) -> VerificationFailure? {
    if !rules.certificateHashes.isEmpty, rules.certificateHashes.contains(X509Fields.digest(leaf, EVP_sha256())) {
      return nil
    }
    if !rules.certificateSPKIs.isEmpty, rules.certificateSPKIs.contains(X509Fields.publicKeyDigest(leaf)) {
      return nil
    }
    return VerificationFailure(
      check: .certificateHash,
      reason: "neither the certificate's hash nor its key's is one of those allowed (\(X509Text.who(leaf)))")
  }

  /// What OpenSSL makes its alert from, so that it is Envoy's: certificate_expired for a certificate of the future too, and
  /// certificate_unknown, which is what OpenSSL's table says of this code, for names. (Envoy's alert for a hash,
  /// bad_certificate_hash_value, cannot be had from OpenSSL.)
  private static func code(_ failure: VerificationFailure) -> Int32 {
    switch failure.check {
    case .trustChain(X509_V_ERR_CERT_NOT_YET_VALID), .trustChain(X509_V_ERR_CRL_NOT_YET_VALID):
      X509_V_ERR_CERT_HAS_EXPIRED
    case .trustChain(let code): code
    case .subjectAltName, .certificateHash, .nothingChecked: X509_V_ERR_PERMITTED_VIOLATION
    }
  }
}
