import COpenSSL

@testable import Security

/// A certificate with its key, made in the test. 2026-01-01 is a manual clock's beginning: certificates are valid from a
/// day before it to a year after, unless a test wants otherwise.
///
/// Sound as `@unchecked Sendable`: nothing of it changes once it is made.
final class TestCertificate: @unchecked Sendable {
  enum KeyKind { case ecdsa, rsa }

  static let newYear: Int64 = 1_767_225_600
  static let day: Int64 = 86_400

  let certificate: OpaquePointer
  let key: OpaquePointer
  let issuer: TestCertificate?

  /// - Parameters:
  ///   - names: as x509v3_config(5) writes them: "URI:spiffe://a/b,DNS:a.example"; empty for none.
  ///   - issuer: nil for a self-signed one.
  init(
    _ commonName: String, names: String = "", issuer: TestCertificate? = nil, isCA: Bool = false,
    from: Int64 = newYear - day, until: Int64 = newYear + 365 * day, serial: Int = 1, key kind: KeyKind = .ecdsa
  ) {
    self.issuer = issuer
    key = Self.makeKey(kind)
    certificate = X509_new()
    X509_set_version(certificate, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial)
    ASN1_TIME_set(X509_getm_notBefore(certificate), Int(from))
    ASN1_TIME_set(X509_getm_notAfter(certificate), Int(until))
    X509_set_pubkey(certificate, key)
    let subject = X509_get_subject_name(certificate)
    X509_NAME_add_entry_by_txt(subject, "CN", 0x1001, commonName, Int32(commonName.utf8.count), -1, 0)
    X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0.certificate) } ?? subject)
    add(NID_basic_constraints, isCA ? "critical,CA:TRUE" : "critical,CA:FALSE")
    add(NID_key_usage, isCA ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature")
    add(NID_subject_key_identifier, "hash")
    if !names.isEmpty { add(NID_subject_alt_name, names) }
    X509_sign(certificate, issuer?.key ?? key, EVP_sha256())
  }

  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
  }

  private static func makeKey(_ kind: KeyKind) -> OpaquePointer {
    let context = EVP_PKEY_CTX_new_id(kind == .ecdsa ? EVP_PKEY_EC : EVP_PKEY_RSA, nil)
    defer { EVP_PKEY_CTX_free(context) }
    EVP_PKEY_keygen_init(context)
    if kind == .ecdsa {
      EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1)
    } else {
      EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048)
    }
    var key: OpaquePointer?
    EVP_PKEY_keygen(context, &key)
    guard let key else { preconditionFailure("no key") }
    return key
  }

  private func add(_ nid: Int32, _ value: String) {
    var context = v3_ext_ctx()
    X509V3_set_ctx(&context, issuer?.certificate ?? certificate, certificate, nil, nil, 0)
    let made = X509V3_EXT_conf_nid(nil, &context, nid, value)
    X509_add_ext(certificate, made, -1)
    X509_EXTENSION_free(made)
  }

  static func text(_ write: (OpaquePointer?) -> Void) -> [UInt8] {
    let bio = BIO_new(BIO_s_mem())
    defer { BIO_free(bio) }
    write(bio)
    var start: UnsafeMutablePointer<CChar>?
    let count = pl_tls_memory_contents(bio, &start)
    return Array(UnsafeRawBufferPointer(start: start, count: count))
  }

  var pem: [UInt8] { Self.text { PEM_write_bio_X509($0, certificate) } }

  /// Its own certificate and those above it, without the root.
  var chainPEM: [UInt8] { pem + (issuer.map { $0.issuer == nil ? [] : $0.chainPEM } ?? []) }

  var keyPEM: [UInt8] { Self.text { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) } }

  /// Signed by this authority; revokes the serial numbers.
  func revocationList(_ serials: [Int]) -> [UInt8] {
    let list = X509_CRL_new()
    defer { X509_CRL_free(list) }
    X509_CRL_set_version(list, 1)
    X509_CRL_set_issuer_name(list, X509_get_subject_name(certificate))
    let time = ASN1_TIME_set(nil, Int(Self.newYear - Self.day))
    X509_CRL_set1_lastUpdate(list, time)
    ASN1_TIME_set(time, Int(Self.newYear + 300 * Self.day))
    X509_CRL_set1_nextUpdate(list, time)
    for serial in serials {
      let number = ASN1_INTEGER_new()
      ASN1_INTEGER_set(number, serial)
      let entry = X509_REVOKED_new()
      X509_REVOKED_set_serialNumber(entry, number)
      ASN1_TIME_set(time, Int(Self.newYear - 1))
      X509_REVOKED_set_revocationDate(entry, time)
      X509_CRL_add0_revoked(list, entry)
      ASN1_INTEGER_free(number)
    }
    ASN1_TIME_free(time)
    X509_CRL_sign(list, key, EVP_sha256())
    return Self.text { PEM_write_bio_X509_CRL($0, list) }
  }

  var settings: TLSCertificateSettings {
    TLSCertificateSettings(
      .pem(chain: TLSData(chainPEM, source: "chain.pem"), key: TLSKeyData(KeyBytes(keyPEM), source: "key.pem")))
  }
}

extension KeyBytes {
  convenience init(_ bytes: [UInt8]) {
    self.init(capacity: bytes.count) { memory in
      memory.copyBytes(from: bytes)
      return bytes.count
    }
  }
}
