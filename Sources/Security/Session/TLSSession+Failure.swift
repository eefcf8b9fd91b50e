import COpenSSL

/// Why a session failed, in words.
extension TLSSession {
  /// From OpenSSL's errors to what people and counters understand.
  func describe(_ codes: [UInt]) -> TLSFailure {
    if codes.contains(where: { OpenSSLError.isSSL($0, SSL_R_CERTIFICATE_VERIFY_FAILED) }) {
      return TLSFailure(
        counter: verificationFailure?.counter ?? .failVerifyError,
        reason: "certificate verify failed: \(verificationFailure?.reason ?? "unknown error")")
    }
    if codes.contains(where: { OpenSSLError.isSSL($0, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) }) {
      return TLSFailure(
        counter: .failVerifyNoCert, reason: "the peer presented no certificate, and one is required")
    }
    guard let cause = codes.first else { return TLSFailure(counter: .connectionError, reason: "TLS error") }
    return TLSFailure(counter: .connectionError, reason: Self.words(cause))
  }

  private static func words(_ code: UInt) -> String {
    let reason = pl_tls_error_reason(code)
    guard pl_tls_error_library(code) == Int32(ERR_LIB_SSL) else { return "TLS error: \(OpenSSLError.text(code))" }
    switch reason {
    case SSL_R_HTTP_REQUEST: return "TLS error: plain HTTP came instead of TLS"
    case SSL_R_WRONG_VERSION_NUMBER: return "TLS error: what came is not TLS (wrong version number)"
    case SSL_AD_REASON_OFFSET..<SSL_AD_REASON_OFFSET + 256:
      let alert = reason - SSL_AD_REASON_OFFSET
      let name = SSL_alert_desc_string_long(alert).map { String(cString: $0) } ?? "unknown"
      return "TLS error: the peer refused with alert \(alert), \(name)"
    default: return "TLS error: \(OpenSSLError.text(code))"
    }
  }
}
