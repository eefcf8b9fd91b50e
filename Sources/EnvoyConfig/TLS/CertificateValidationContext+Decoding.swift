extension CertificateValidationContext.TrustChainVerification: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("VERIFY_TRUST_CHAIN", 0, .verifyTrustChain), ("ACCEPT_UNTRUSTED", 1, .acceptUntrusted),
  ]
}

extension CertificateValidationContext: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    readAuthorities(&reader)
    readDigests(&reader)
    readSubjectAltNames(&reader)
    reader.unsupported("require_signed_certificate_timestamp")
    reader.message("crl", &crl)
    reader.bool("allow_expired_certificate", &allowExpiredCertificate)
    reader.enumeration("trust_chain_verification", &trustChainVerification)
    reader.unsupported("custom_validator_config")
    reader.bool("only_verify_leaf_cert_crl", &onlyVerifyLeafCertCrl)
    reader.integer("max_verify_depth", &maxVerifyDepth, in: 0...100)
    reader.bool("suppress_client_ca_list", &suppressClientCaList)
  }

  private mutating func readAuthorities(_ reader: inout MessageReader) {
    reader.message("trusted_ca", &trustedCa)
    if let trustedCa, trustedCa.bytes.isEmpty {
      reader.report("trusted_ca", "is empty", allowed: "certificates in PEM are allowed")
    }
    // Envoy takes it, even empty, and verifies nothing by it: nobody who writes it means that.
    reader.refuseOneof("system_root_certs")
    reader.unsupported("ca_certificate_provider_instance")
    reader.message("watched_directory", &watchedDirectory)
  }

  private mutating func readDigests(_ reader: inout MessageReader) {
    let context = reader.context
    for index in reader.elements("verify_certificate_spki") {
      guard let text = context.string(at: index) else { continue }
      if text.utf8.count == 44, let digest = CertificateDigest(base64: text) {
        verifyCertificateSpki.append(digest)
      } else {
        context.report(index, context.found(index), allowed: "a SHA-256 in base64, of 44 characters, is allowed")
      }
    }
    for index in reader.elements("verify_certificate_hash") {
      guard let text = context.string(at: index) else { continue }
      if let digest = CertificateDigest(hex: text) {
        verifyCertificateHash.append(digest)
      } else {
        context.report(
          index, context.found(index),
          allowed: "a SHA-256 in hexadecimal is allowed, with a colon between any two bytes or none")
      }
    }
  }

  private mutating func readSubjectAltNames(_ reader: inout MessageReader) {
    reader.messages("match_typed_subject_alt_names", &matchTypedSubjectAltNames)
    var untyped: [StringMatcher] = []
    reader.messages("match_subject_alt_names", &untyped)
    guard matchTypedSubjectAltNames.isEmpty else { return }
    for matcher in untyped {
      for type in SubjectAltNameMatcher.SanType.allCases {
        var typed = SubjectAltNameMatcher()
        typed.sanType = type
        typed.matcher = matcher
        typed.origin = origin
        matchTypedSubjectAltNames.append(typed)
      }
    }
  }
}

extension SubjectAltNameMatcher.SanType: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("EMAIL", 1, .email), ("DNS", 2, .dns), ("URI", 3, .uri), ("IP_ADDRESS", 4, .ipAddress), ("OTHER_NAME", 5, nil),
  ]
}

extension SubjectAltNameMatcher: ConfigMessage {
  static let typeName = "envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    if let index = reader.findDescribed("san_type", default: "required") {
      if let type: SanType = reader.context.enumeration(at: index) { sanType = type }
    } else {
      reader.reportMissing("san_type")
    }
    reader.requiredMessage("matcher", &matcher)
    // Of OTHER_NAME only.
    reader.withoutEffect(.string, "oid")
  }
}

extension CertificateValidationContext {
  /// What Envoy does not let stand together; nil when it is right. What a secret brings is checked by this once it is merged.
  package var problem: ConfigProblem? {
    guard trustedCa == nil else { return nil }
    let allowed = "a trusted_ca is needed"
    if let crl, !crl.bytes.isEmpty { return ConfigProblem("a CRL without trusted CA", allowed: allowed) }
    if !matchTypedSubjectAltNames.isEmpty {
      return ConfigProblem(
        "SAN-based verification of peer certificates without trusted CA is insecure and not allowed", allowed: allowed)
    }
    if allowExpiredCertificate {
      return ConfigProblem("certificate validity period is always ignored without trusted CA", allowed: allowed)
    }
    return nil
  }

  /// This one as default of a combined validation context, under what the secret says: protobuf's merge.
  package func merging(_ secret: CertificateValidationContext) -> CertificateValidationContext {
    var merged = self
    merged.trustedCa = secret.trustedCa ?? trustedCa
    merged.watchedDirectory = secret.watchedDirectory ?? watchedDirectory
    merged.verifyCertificateSpki += secret.verifyCertificateSpki
    merged.verifyCertificateHash += secret.verifyCertificateHash
    merged.matchTypedSubjectAltNames += secret.matchTypedSubjectAltNames
    merged.crl = secret.crl ?? crl
    merged.allowExpiredCertificate = secret.allowExpiredCertificate || allowExpiredCertificate
    if secret.trustChainVerification != .verifyTrustChain {
      merged.trustChainVerification = secret.trustChainVerification
    }
    merged.onlyVerifyLeafCertCrl = secret.onlyVerifyLeafCertCrl || onlyVerifyLeafCertCrl
    merged.maxVerifyDepth = secret.maxVerifyDepth ?? maxVerifyDepth
    merged.suppressClientCaList = secret.suppressClientCaList || suppressClientCaList
    return merged
  }
}
