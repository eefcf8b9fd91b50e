extension DownstreamTlsContext: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.message("common_tls_context", &commonTlsContext)
    reader.bool("require_client_certificate", &requireClientCertificate)
    // Envoy has not implemented it either.
    reader.withoutEffect(.bool, "require_sni")
    readTicketKeys(&reader)
    reader.bool("disable_stateful_session_resumption", &disableStatefulSessionResumption)
    reader.duration("session_timeout", &sessionTimeout, DurationRange(upperBound: .seconds(1 << 32)))
    // As long as there are no staples, lenient and strict are the same.
    reader.unsupported("ocsp_staple_policy") { ["LENIENT_STAPLING", "STRICT_STAPLING", "0", "1"].contains($0) }
    reader.bool("full_scan_certs_on_sni_mismatch", &fullScanCertsOnSniMismatch)
    reader.bool("prefer_client_ciphers", &preferClientCiphers)
    checkCertificates(&reader)
  }

  private mutating func readTicketKeys(_ reader: inout MessageReader) {
    let choice = reader.oneof(
      "session_ticket_keys_type", of: "session_ticket_keys", "session_ticket_keys_sds_secret_config",
      "disable_stateless_session_resumption")
    switch choice {
    case "session_ticket_keys":
      if let index = reader.find("session_ticket_keys") {
        sessionTicketKeysType = .sessionTicketKeys(reader.context.decode(at: index))
      }
    case "session_ticket_keys_sds_secret_config":
      if let index = reader.find("session_ticket_keys_sds_secret_config") {
        sessionTicketKeysType = .sessionTicketKeysSdsSecretConfig(
          reader.context.sdsSecretConfig(at: index, .sessionTicketKeys))
      }
    case "disable_stateless_session_resumption":
      let isDisabled = reader.find("disable_stateless_session_resumption").flatMap { reader.context.bool(at: $0) }
      sessionTicketKeysType = .disableStatelessSessionResumption(isDisabled ?? false)
    default: break
    }
  }

  private func checkCertificates(_ reader: inout MessageReader) {
    let common = commonTlsContext
    let field: StaticString = "common_tls_context"
    if common.tlsCertificates.isEmpty && common.tlsCertificateSdsSecretConfigs.isEmpty {
      reader.report(
        field, "no TLS certificates found for server context",
        allowed: "one of tls_certificates, tls_certificate_sds_secret_configs is needed")
    } else if !common.tlsCertificates.isEmpty && !common.tlsCertificateSdsSecretConfigs.isEmpty {
      reader.report(
        field, "SDS and non-SDS TLS certificates may not be mixed in server contexts",
        allowed: "give tls_certificates or tls_certificate_sds_secret_configs")
    } else if common.tlsCertificates.contains(where: \.isEmpty) {
      reader.report(
        field, "server TlsCertificates must have a certificate specified",
        allowed: "certificate_chain and private_key, or pkcs12, are needed")
    }
  }
}

extension UpstreamTlsContext: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.message("common_tls_context", &commonTlsContext)
    readServerName(&reader)
    reader.unsupported("allow_renegotiation")
    reader.integer("max_session_keys", &maxSessionKeys)
    // Envoy always enforces it, whatever this says.
    reader.withoutEffect(.bool, "enforce_rsa_key_usage")
    if commonTlsContext.tlsCertificates.count + commonTlsContext.tlsCertificateSdsSecretConfigs.count > 1 {
      reader.report(
        "common_tls_context", "multiple TLS certificates are not supported for client contexts",
        allowed: "at most one is allowed")
    }
    // As Envoy: a certificate without any part is none.
    commonTlsContext.tlsCertificates.removeAll(where: \.isEmpty)
  }

  private mutating func readServerName(_ reader: inout MessageReader) {
    reader.string("sni", &sni, maxBytes: 255)
    if sni.utf8.contains(0) {
      reader.report("sni", "SNI names containing NULL-byte are not allowed", allowed: "a name without them is allowed")
    }
    reader.bool("auto_host_sni", &autoHostSni)
    reader.bool("auto_sni_san_validation", &autoSniSanValidation)
    if autoSniSanValidation, commonTlsContext.validationContextType == nil {
      reader.report(
        "auto_sni_san_validation", "was configured without a validation context",
        allowed: "a validation context with a trusted_ca is needed")
    }
  }
}

extension CommonTlsContext: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.CommonTlsContext"

  init(from reader: inout MessageReader) {
    reader.message("tls_params", &tlsParams)
    reader.messages("tls_certificates", &tlsCertificates)
    let context = reader.context
    tlsCertificateSdsSecretConfigs = reader.elements("tls_certificate_sds_secret_configs").map {
      context.sdsSecretConfig(at: $0, .tlsCertificate)
    }
    readValidation(&reader)
    readApplicationProtocols(&reader)
    reader.message("key_log", &keyLog)
    reader.unsupported("tls_certificate_provider_instance", "custom_tls_certificate_selector", "custom_handshaker")
    reader.unsupported("tls_certificate_certificate_provider", "tls_certificate_certificate_provider_instance")
  }

  private mutating func readValidation(_ reader: inout MessageReader) {
    let choice = reader.oneof(
      "validation_context_type", of: "validation_context", "validation_context_sds_secret_config",
      "combined_validation_context",
      unsupported: ["validation_context_certificate_provider", "validation_context_certificate_provider_instance"])
    let context = reader.context
    switch choice {
    case "validation_context":
      guard let index = reader.find("validation_context") else { return }
      let validation: CertificateValidationContext = context.decode(at: index)
      validationContextType = .validationContext(validation)
      if let problem = validation.problem { context.report(index, problem.problem, allowed: problem.allowed) }
    case "validation_context_sds_secret_config":
      guard let index = reader.find("validation_context_sds_secret_config") else { return }
      validationContextType = .validationContextSdsSecretConfig(
        context.sdsSecretConfig(at: index, .validationContext(CertificateValidationContext())))
    case "combined_validation_context":
      guard let index = reader.find("combined_validation_context") else { return }
      validationContextType = context.decode(CombinedCertificateValidationContext.self, at: index).value
    default: break
    }
  }

  /// As Envoy: the list is joined by commas and split again, so that an element may hold several.
  private mutating func readApplicationProtocols(_ reader: inout MessageReader) {
    var texts: [String] = []
    reader.strings("alpn_protocols", &texts)
    let joined = texts.joined(separator: ",")
    guard !joined.isEmpty else { return }
    alpnProtocols = joined.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let length = alpnProtocols.reduce(0) { $0 + $1.utf8.count + 1 }
    if length > 65_535 || alpnProtocols.contains(where: { !(1...255).contains($0.utf8.count) }) {
      reader.report("alpn_protocols", "invalid ALPN protocol string", allowed: "names of 1 to 255 bytes are allowed")
    }
  }
}

/// `CommonTlsContext.CombinedCertificateValidationContext`.
struct CombinedCertificateValidationContext: ConfigMessage {
  static let typeName = CommonTlsContext.typeName + ".CombinedCertificateValidationContext"
  private(set) var value: CommonTlsContext.ValidationContextType?

  init(from reader: inout MessageReader) {
    var validation = CertificateValidationContext()
    reader.requiredMessage("default_validation_context", &validation)
    reader.unsupported("validation_context_certificate_provider", "validation_context_certificate_provider_instance")
    guard let index = reader.findDescribed("validation_context_sds_secret_config", default: "required") else {
      reader.reportMissing("validation_context_sds_secret_config")
      return
    }
    let sds = reader.context.sdsSecretConfig(at: index, .validationContext(validation))
    value = .combinedValidationContext(default: validation, sds: sds)
  }
}

extension TlsParameters.TlsProtocol: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("TLS_AUTO", 0, .tlsAuto), ("TLSv1_0", 1, .tls10), ("TLSv1_1", 2, .tls11), ("TLSv1_2", 3, .tls12),
    ("TLSv1_3", 4, .tls13),
  ]
}

extension TlsParameters: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.TlsParameters"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.enumeration("tls_minimum_protocol_version", &tlsMinimumProtocolVersion)
    reader.enumeration("tls_maximum_protocol_version", &tlsMaximumProtocolVersion)
    reader.strings("cipher_suites", &cipherSuites)
    reader.strings("ecdh_curves", &ecdhCurves)
    reader.strings("signature_algorithms", &signatureAlgorithms)
    reader.unsupported("compliance_policies")
  }
}

extension TlsKeyLog: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.TlsKeyLog"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("path", &path, minLength: 1)
    reader.messages("local_address_range", &localAddressRange)
    reader.messages("remote_address_range", &remoteAddressRange)
    if !path.isEmpty, let problem = reader.context.checks.logPath(path) {
      reader.report("path", problem.problem, allowed: problem.allowed)
    }
  }
}
