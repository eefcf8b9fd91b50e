import COpenSSL
import Glibc

/// A certificate and the key that belongs to it: what can sign others.
struct Issuer {
  var certificate: SignedCertificate
  var key: SigningKey
}

extension CertificateProfile {
  /// Makes the certificate of `key`'s public half, signed by `issuer`, or by `key` itself where there is none.
  func sign(_ key: SigningKey, by issuer: Issuer?) throws(AuthorityError) -> SignedCertificate {
    guard let handle = X509_new() else { throw AuthorityError(openSSL: "out of memory") }
    let certificate = SignedCertificate(handle: handle)
    let made =
      X509_set_version(handle, 2) == 1 && setSerial(handle) && setTimes(handle) && setSubject(handle)
      && X509_set_issuer_name(handle, X509_get_subject_name(issuer?.certificate.handle ?? handle)) == 1
      && X509_set_pubkey(handle, key.handle) == 1 && addExtensions(handle, issuer?.certificate.handle ?? handle)
    guard made, X509_sign(handle, issuer?.key.handle ?? key.handle, EVP_sha256()) > 0 else {
      throw AuthorityError(openSSL: "the certificate cannot be made")
    }
    return certificate
  }

  /// 128 random bits, the first of them 0 and the next 1: positive, never zero, and of one length.
  private func setSerial(_ certificate: OpaquePointer) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 16)
    guard RAND_bytes(&bytes, Int32(bytes.count)) == 1 else { return false }
    bytes[0] = bytes[0] & 0x3f | 0x40
    guard let number = BN_bin2bn(bytes, Int32(bytes.count), nil) else { return false }
    defer { BN_free(number) }
    return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
  }

  /// ASN1_TIME_set writes UTCTime up to 2049 and GeneralizedTime from 2050 on, as RFC 5280 §4.1.2.5 asks.
  private func setTimes(_ certificate: OpaquePointer) -> Bool {
    ASN1_TIME_set(X509_getm_notBefore(certificate), time_t(notBefore)) != nil
      && ASN1_TIME_set(X509_getm_notAfter(certificate), time_t(notAfter)) != nil
  }

  private func setSubject(_ certificate: OpaquePointer) -> Bool {
    guard let name = X509_get_subject_name(certificate) else { return false }
    return add(organization, "O", to: name) && add(commonName, "CN", to: name)
  }

  private func add(_ value: String?, _ field: String, to name: OpaquePointer) -> Bool {
    guard let value else { return true }
    let bytes = [UInt8](value.utf8)
    return X509_NAME_add_entry_by_txt(name, field, pl_MBSTRING_UTF8, bytes, Int32(bytes.count), -1, 0) == 1
  }

  private func addExtensions(_ certificate: OpaquePointer, _ issuer: OpaquePointer) -> Bool {
    var extensions: [(Int32, String)]
    switch role {
    case .authority(let pathLength):
      let limit = pathLength.map { ",pathlen:\($0)" } ?? ""
      extensions = [
        (NID_basic_constraints, "critical,CA:TRUE\(limit)"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
      ]
    case .workload:
      extensions = [
        (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, keyUsage(X509_get0_pubkey(certificate))),
        (NID_ext_key_usage, "serverAuth,clientAuth"),
      ]
    }
    if isBoundToTrustDomain {
      extensions.append((NID_name_constraints, "critical,permitted;URI:\(identity.trustDomain.name)"))
    }
    // In this order: the authority's identifier is copied from the issuer's own, which is this certificate at a root.
    extensions += [(NID_subject_key_identifier, "hash"), (NID_authority_key_identifier, "keyid:always")]
    return extensions.allSatisfy { pl_X509_add_ext_text(certificate, issuer, $0.0, $0.1) == 1 }
      && addNames(certificate)
  }

  /// Only RSA keys encipher others (RFC 8813 §3 forbids the bit for elliptic curves).
  private func keyUsage(_ key: OpaquePointer?) -> String {
    let isRSA = key.map { EVP_PKEY_get_base_id($0) == EVP_PKEY_RSA } ?? false
    return isRSA ? "critical,digitalSignature,keyEncipherment" : "critical,digitalSignature"
  }

  private func addNames(_ certificate: OpaquePointer) -> Bool {
    guard let names = pl_GENERAL_NAMES_new() else { return false }
    defer { GENERAL_NAMES_free(names) }
    let pushed = push(identity.description, GEN_URI, names) && dnsNames.allSatisfy { push($0, GEN_DNS, names) }
    let isCritical: Int32 = organization == nil && commonName == nil ? 1 : 0
    return pushed
      && X509_add1_ext_i2d(certificate, NID_subject_alt_name, UnsafeMutableRawPointer(names), isCritical, 0) == 1
  }

  private func push(_ text: String, _ type: Int32, _ names: OpaquePointer) -> Bool {
    let bytes = [UInt8](text.utf8)
    return pl_GENERAL_NAMES_push_text(names, type, bytes, Int32(bytes.count)) == 1
  }
}
