import COpenSSL

/// What a session may be resumed under: the same certificates, rules and names (as Envoy, which hashes the same things).
/// Two contexts that share ticket keys but not these refuse each other's sessions.
enum SessionContextID {
  static func make(_ settings: ServerTLSSettings) -> [UInt8] {
    var text: [UInt8] = settings.sessionContext
    func add(_ bytes: some Collection<UInt8>) {
      withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { text += $0 }
      text += bytes
    }
    for certificate in settings.common.certificates {
      if case .pem(let chain, _) = certificate.content { add(chain.bytes) }
    }
    add([settings.requireClientCertificate ? 1 : 0])
    if let rules = settings.common.validation { describe(rules, add) }
    return [UInt8](unsafeUninitializedCapacity: Int(SSL_MAX_SSL_SESSION_ID_LENGTH)) { room, count in
      var length: UInt32 = 0
      let digested = EVP_Digest(text, text.count, room.baseAddress, &length, EVP_sha256(), nil) == 1
      count = digested ? Int(length) : 0
    }
  }

  /// Every rule that a client's certificate must fulfil: whoever resumes is not asked for it again.
  private static func describe(_ rules: ValidationRules, _ add: ([UInt8]) -> Void) {
    add(rules.trustedCA?.bytes ?? [])
    add(rules.crl?.bytes ?? [])
    let flags =
      "\(rules.onlyVerifyLeafCertCRL) \(rules.allowExpiredCertificate) \(rules.trustChainVerification) "
      + "\(rules.maxVerifyDepth ?? -1) \(rules.certificateHashes.count) \(rules.certificateSPKIs.count)"
    add(Array(flags.utf8))
    for hash in rules.certificateHashes + rules.certificateSPKIs { add(hash) }
    for matcher in rules.subjectAltNameMatchers {
      add(Array("\(matcher.kind)".utf8))
      switch matcher.condition {
      case .exact(let value): add(Array("exact \(value)".utf8))
      case .matches(let definition, _): add(Array("matches \(definition)".utf8))
      }
    }
  }
}
