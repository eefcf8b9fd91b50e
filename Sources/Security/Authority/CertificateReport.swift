import COpenSSL

/// What a certificate says, read once.
package struct CertificateReport {
  /// "O=cluster.local, CN=Pillion root"; empty where it has no subject.
  package let subject: String
  package let issuer: String
  package let uriNames: [String]
  package let dnsNames: [String]
  /// Email and IP addresses, and kinds of names that are not spelled out.
  package let otherNames: [String]
  /// Seconds since the epoch.
  package let notBefore: Int64
  package let notAfter: Int64
  /// "EC P-256".
  package let key: String
  package let keyKind: KeyKind
  package let signatureAlgorithm: String
  /// "digital signature", …
  package let usages: [String]
  /// "TLS server", …
  package let purposes: [String]
  package let isAuthority: Bool
  /// How many authorities may stand below this one; nil is any number.
  package let pathLength: Int?
  /// Hexadecimal.
  package let serialNumber: String
  package let sha256: String
  /// Subject and issuer are one name and the signature is by its own key.
  package let isSelfSigned: Bool
}

extension SignedCertificate {
  package var report: CertificateReport {
    let names = subjectAlternativeNames
    let flags = X509_get_extension_flags(handle)
    let key = X509_get0_pubkey(handle)
    let pathLength = X509_get_pathlen(handle)
    let isRSA = key.map { EVP_PKEY_get_base_id($0) == EVP_PKEY_RSA } ?? false
    return CertificateReport(
      subject: text(of: X509_get_subject_name(handle)), issuer: text(of: X509_get_issuer_name(handle)),
      uriNames: names.uri, dnsNames: names.dns, otherNames: names.other, notBefore: notBefore, notAfter: notAfter,
      key: key.map { describePublicKey($0) } ?? "unknown",
      keyKind: isRSA ? .rsa(bits: UInt32(clamping: key.map { EVP_PKEY_get_bits($0) } ?? 0)) : .p256,
      signatureAlgorithm: OBJ_nid2sn(X509_get_signature_nid(handle)).map { String(cString: $0) } ?? "unknown",
      usages: flags & UInt32(EXFLAG_KUSAGE) != 0 ? keyUsages : [],
      purposes: flags & UInt32(EXFLAG_XKUSAGE) != 0 ? extendedKeyUsages : [],
      isAuthority: flags & UInt32(EXFLAG_CA) != 0, pathLength: pathLength >= 0 ? pathLength : nil,
      serialNumber: X509Fields.serialNumber(handle),
      sha256: X509Fields.hex(X509Fields.digest(handle, EVP_sha256())), isSelfSigned: isSigned(by: self))
  }

  private var keyUsages: [String] {
    let names = [
      (KU_DIGITAL_SIGNATURE, "digital signature"), (KU_NON_REPUDIATION, "non-repudiation"),
      (KU_KEY_ENCIPHERMENT, "key encipherment"), (KU_DATA_ENCIPHERMENT, "data encipherment"),
      (KU_KEY_AGREEMENT, "key agreement"), (KU_KEY_CERT_SIGN, "signing certificates"),
      (KU_CRL_SIGN, "signing revocation lists"),
    ]
    let bits = X509_get_key_usage(handle)
    return names.filter { bits & UInt32($0.0) != 0 }.map(\.1)
  }

  private var extendedKeyUsages: [String] {
    let names = [
      (XKU_SSL_SERVER, "TLS server"), (XKU_SSL_CLIENT, "TLS client"), (XKU_SMIME, "email"),
      (XKU_CODE_SIGN, "code signing"), (XKU_OCSP_SIGN, "OCSP signing"), (XKU_TIMESTAMP, "time stamping"),
      (XKU_ANYEKU, "anything"),
    ]
    let bits = X509_get_extended_key_usage(handle)
    return names.filter { bits & UInt32($0.0) != 0 }.map(\.1)
  }

  private func text(of name: OpaquePointer?) -> String {
    guard let name, X509_NAME_entry_count(name) > 0, let bio = try? MemoryBIO() else { return "" }
    guard X509_NAME_print_ex(bio.handle, name, 0, pl_NAME_ON_ONE_LINE) >= 0 else { return "" }
    return bio.withWritten { String(decoding: $0, as: UTF8.self) }
  }

  private var subjectAlternativeNames: (uri: [String], dns: [String], other: [String]) {
    var uri: [String] = []
    var dns: [String] = []
    var other: [String] = []
    guard let names = pl_tls_alternative_names(handle) else { return ([], [], []) }
    defer { GENERAL_NAMES_free(names) }
    for index in 0..<max(pl_tls_name_count(names), 0) {
      var type: Int32 = -1
      let string = pl_tls_name_string(pl_tls_name_at(names, index), &type)
      let bytes = UnsafeRawBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
      switch type {
      case GEN_URI: uri.append(printable(bytes))
      case GEN_DNS: dns.append(printable(bytes))
      case GEN_EMAIL: other.append("email \(printable(bytes))")
      case GEN_IPADD: other.append("IP \(address(bytes))")
      default: other.append("a name of another kind")
      }
    }
    return (uri, dns, other)
  }

  /// IA5 text of a stranger's: what a terminal would act on is shown as `\xNN`.
  private func printable(_ bytes: UnsafeRawBufferPointer) -> String {
    bytes.map { byte in
      0x20...0x7e ~= byte ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  private func address(_ bytes: UnsafeRawBufferPointer) -> String {
    if bytes.count == 4 { return bytes.map { String($0) }.joined(separator: ".") }
    guard bytes.count == 16 else { return "of \(bytes.count) bytes" }
    return stride(from: 0, to: 16, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
      .joined(separator: ":")
  }
}
