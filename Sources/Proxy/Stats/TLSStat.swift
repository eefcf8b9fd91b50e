import Telemetry

/// `listener.ADDRESS.ssl.` and `cluster.NAME.ssl.`.
enum TLSStat: UInt32, StatSet {
  case connectionError, failVerifyCertHash, failVerifyError, failVerifyNoCert, failVerifySan, handshake, noCertificate
  case ocspStapleFailed, ocspStapleOmitted, ocspStapleRequests, ocspStapleResponses, sessionReused

  static let definitions: [StatDefinition<TLSStat>] = [
    .counter(.connectionError, "connection_error"),
    .counter(.failVerifyCertHash, "fail_verify_cert_hash"),
    .counter(.failVerifyError, "fail_verify_error"),
    .counter(.failVerifyNoCert, "fail_verify_no_cert"),
    .counter(.failVerifySan, "fail_verify_san"),
    .counter(.handshake, "handshake"),
    .counter(.noCertificate, "no_certificate"),
    .counter(.ocspStapleFailed, "ocsp_staple_failed"),
    .counter(.ocspStapleOmitted, "ocsp_staple_omitted"),
    .counter(.ocspStapleRequests, "ocsp_staple_requests"),
    .counter(.ocspStapleResponses, "ocsp_staple_responses"),
    .counter(.sessionReused, "session_reused"),
  ]
}

/// `listener.ADDRESS.server_ssl_socket_factory.` and `cluster.NAME.client_ssl_socket_factory.`.
enum TLSSocketFactoryStat: UInt32, StatSet {
  case downstreamContextSecretsNotReady, sslContextUpdateBySds, upstreamContextSecretsNotReady

  static let definitions: [StatDefinition<TLSSocketFactoryStat>] = [
    .counter(.downstreamContextSecretsNotReady, "downstream_context_secrets_not_ready"),
    .counter(.sslContextUpdateBySds, "ssl_context_update_by_sds"),
    .counter(.upstreamContextSecretsNotReady, "upstream_context_secrets_not_ready"),
  ]
}

/// `sds.NAME.`.
enum SecretStat: UInt32, StatSet {
  case initFetchTimeout, keyRotationFailed, updateAttempt, updateFailure, updateRejected, updateSuccess, updateTime
  case version

  static let definitions: [StatDefinition<SecretStat>] = [
    .counter(.initFetchTimeout, "init_fetch_timeout"),
    .counter(.keyRotationFailed, "key_rotation_failed"),
    .counter(.updateAttempt, "update_attempt"),
    .counter(.updateFailure, "update_failure"),
    .counter(.updateRejected, "update_rejected"),
    .counter(.updateSuccess, "update_success"),
    .gauge(.updateTime, "update_time"),
    .gauge(.version, "version"),
  ]
}
