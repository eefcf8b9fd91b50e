import COpenSSL
import Glibc

/// What a certificate says, as Swift values. The pointers are OpenSSL's X509, borrowed for the call.
enum X509Fields {
  /// In RFC 2253's order and escaping: "CN=client one,O=Org\, Inc".
  static func text(of name: OpaquePointer?) -> String {
    guard let name else { return "" }
    return written { X509_NAME_print_ex($0, name, 0, pl_tls_RFC2253) }
  }

  static func subject(_ certificate: OpaquePointer) -> String { text(of: X509_get_subject_name(certificate)) }

  static func issuer(_ certificate: OpaquePointer) -> String { text(of: X509_get_issuer_name(certificate)) }

  static func commonName(_ certificate: OpaquePointer) -> String? {
    guard let name = X509_get_subject_name(certificate) else { return nil }
    let index = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
    guard index >= 0, let value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)),
      let start = ASN1_STRING_get0_data(value)
    else { return nil }
    let bytes = UnsafeBufferPointer(start: start, count: Int(max(ASN1_STRING_length(value), 0)))
    return bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
  }

  /// Lower-case hexadecimal, two digits a byte.
  static func serialNumber(_ certificate: OpaquePointer) -> String {
    guard let integer = X509_get0_serialNumber(certificate), let number = ASN1_INTEGER_to_BN(integer, nil) else {
      return ""
    }
    defer { BN_free(number) }
    guard let text = BN_bn2hex(number) else { return "" }
    defer { pl_tls_free(text) }
    return String(cString: text).lowercased()
  }

  /// Seconds since 1970; nil for a time that is none.
  static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    var parts = tm()
    guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
    return Int64(timegm(&parts))
  }

  static func notBefore(_ certificate: OpaquePointer) -> Int64? { seconds(X509_get0_notBefore(certificate)) }

  static func notAfter(_ certificate: OpaquePointer) -> Int64? { seconds(X509_get0_notAfter(certificate)) }

  /// Of the whole certificate (DER); empty when there is no memory.
  static func digest(_ certificate: OpaquePointer, _ algorithm: OpaquePointer?) -> [UInt8] {
    digest { X509_digest(certificate, algorithm, $0, $1) }
  }

  /// SHA-256 of the SubjectPublicKeyInfo.
  static func publicKeyDigest(_ certificate: OpaquePointer) -> [UInt8] {
    var der: UnsafeMutablePointer<UInt8>?
    let length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der)
    defer { pl_tls_free(der) }
    guard length > 0, let der else { return [] }
    return digest { EVP_Digest(der, Int(length), $0, $1, EVP_sha256(), nil) }
  }

  private static func digest(
    _ body: (UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt32>?) -> Int32
  ) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { room, count in
      var length: UInt32 = 0
      count = body(room.baseAddress, &length) == 1 ? Int(length) : 0
    }
  }

  static func pem(_ certificate: OpaquePointer) -> String {
    written { PEM_write_bio_X509($0, certificate) }
  }

  /// What `body` writes to a BIO in memory.
  private static func written(_ body: (OpaquePointer) -> Int32) -> String {
    guard let bio = BIO_new(BIO_s_mem()) else { return "" }
    defer { BIO_free(bio) }
    var start: UnsafeMutablePointer<CChar>?
    guard body(bio) >= 0 else { return "" }
    let count = pl_tls_memory_contents(bio, &start)
    guard let start, count > 0 else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }

  static func hex(_ bytes: [UInt8]) -> String {
    let digits: StaticString = "0123456789abcdef"
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits.utf8Start[Int(byte >> 4)])
      text.append(digits.utf8Start[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
