import COpenSSL

/// PEM text and PKCS #12 into OpenSSL's objects. The caller owns what is returned.
enum PEMReader {
  /// All certificates of the text, in their order; other blocks are passed over.
  /// - Throws: none, or one that is broken.
  static func certificates(
    _ data: TLSData, _ kind: TLSConfigurationError.Kind, _ what: String
  ) throws(TLSConfigurationError) -> [OpaquePointer] {
    var found: [OpaquePointer] = []
    let problem = withBIO(data.bytes) { bio -> String? in
      while let certificate = nextCertificate(bio) { found.append(certificate) }
      return endOfText(found.isEmpty)
    }
    if let problem {
      for certificate in found { X509_free(certificate) }
      throw TLSConfigurationError(kind, "Failed to load \(what) from \(data.source): \(problem)")
    }
    return found
  }

  static func revocationLists(_ data: TLSData) throws(TLSConfigurationError) -> [OpaquePointer] {
    var found: [OpaquePointer] = []
    let problem = withBIO(data.bytes) { bio -> String? in
      while let list = PEM_read_bio_X509_CRL(bio, nil, refusePassword, nil) { found.append(list) }
      return endOfText(found.isEmpty)
    }
    if let problem {
      for list in found { X509_CRL_free(list) }
      throw TLSConfigurationError(.crl, "Failed to load CRL from \(data.source): \(problem)")
    }
    return found
  }

  /// Lists in a text whose certificates were read already, where there are any.
  /// - Throws: one that is broken.
  static func furtherRevocationLists(_ data: TLSData) throws(TLSConfigurationError) -> [OpaquePointer] {
    guard data.bytes.contains(Array("-----BEGIN X509 CRL-----".utf8)) else { return [] }
    return try revocationLists(data)
  }

  static func privateKey(_ data: TLSKeyData, password: KeyBytes?) throws(TLSConfigurationError) -> OpaquePointer {
    ERR_clear_error()
    let key = data.bytes.withBytes { bytes -> OpaquePointer? in
      guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
      defer { BIO_free(bio) }
      guard let password else { return PEM_read_bio_PrivateKey(bio, nil, refusePassword, nil) }
      let box = Unmanaged.passUnretained(password)
      return withExtendedLifetime(password) { PEM_read_bio_PrivateKey(bio, nil, givePassword, box.toOpaque()) }
    }
    if let key { return key }
    throw TLSConfigurationError(
      .privateKey, "Failed to load private key from \(data.source), Cause: \(cause(hasPassword: password != nil))")
  }

  /// A PKCS #12 file's chain, own certificate first, and key.
  static func pkcs12(
    _ data: TLSKeyData, password: KeyBytes?
  ) throws(TLSConfigurationError) -> (chain: [OpaquePointer], key: OpaquePointer) {
    ERR_clear_error()
    var key: OpaquePointer?
    var certificate: OpaquePointer?
    var others: OpaquePointer?
    let parsed = data.bytes.withBytes { bytes -> Bool in
      guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return false }
      defer { BIO_free(bio) }
      guard let file = d2i_PKCS12_bio(bio, nil) else { return false }
      defer { PKCS12_free(file) }
      return withCString(password) { PKCS12_parse(file, $0, &key, &certificate, &others) } == 1
    }
    defer { pl_tls_free_certificates(others) }
    guard parsed, let key, let certificate else {
      EVP_PKEY_free(key)
      X509_free(certificate)
      throw TLSConfigurationError(
        .certificateChain, "Failed to load pkcs12 from \(data.source): \(cause(hasPassword: password != nil))")
    }
    var chain = [certificate]
    for index in 0..<max(pl_tls_certificate_count(others), 0) {
      guard let link = pl_tls_certificate_at(others, index) else { continue }
      X509_up_ref(link)
      chain.append(link)
    }
    return (chain, key)
  }

  // MARK: Details

  /// In the sessions' library context, since they use it.
  private static func nextCertificate(_ bio: OpaquePointer) -> OpaquePointer? {
    var certificate = X509_new_ex(TLSLibrary.context, nil)
    if PEM_read_bio_X509(bio, &certificate, refusePassword, nil) != nil { return certificate }
    X509_free(certificate)
    return nil
  }

  private static func withBIO<Result>(_ bytes: [UInt8], _ body: (OpaquePointer) -> Result?) -> Result? {
    ERR_clear_error()
    return bytes.withUnsafeBytes { bytes in
      guard let bio = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
      defer { BIO_free(bio) }
      return body(bio)
    }
  }

  /// Reading stops with "no start line" at the end of the text; anything else is a broken block.
  private static func endOfText(_ isEmpty: Bool) -> String? {
    let codes = OpenSSLError.take()
    guard let last = codes.last else { return isEmpty ? "it is empty" : nil }
    let atEnd = pl_tls_error_library(last) == Int32(ERR_LIB_PEM) && pl_tls_error_reason(last) == PEM_R_NO_START_LINE
    if atEnd { return isEmpty ? "there is no PEM block of that kind in it" : nil }
    return codes.map(OpenSSLError.text).joined(separator: ", ")
  }

  private static func cause(hasPassword: Bool) -> String {
    let codes = OpenSSLError.take()
    if !hasPassword, codes.contains(where: { pl_tls_error_reason($0) == PEM_R_BAD_PASSWORD_READ }) {
      return "it is encrypted, and no password is given"
    }
    return codes.isEmpty ? "unknown error" : codes.map(OpenSSLError.text).joined(separator: ", ")
  }

  private typealias PasswordCallback =
    @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32

  /// OpenSSL would ask at the terminal.
  private static let refusePassword: PasswordCallback = { _, _, _, _ in -1 }

  private static let givePassword: PasswordCallback = { target, room, _, box in
    guard let target, let box else { return -1 }
    return Unmanaged<KeyBytes>.fromOpaque(box).takeUnretainedValue().withBytes { bytes in
      guard bytes.count <= Int(room) else { return -1 }
      UnsafeMutableRawBufferPointer(start: target, count: Int(room)).copyMemory(from: bytes)
      return Int32(truncatingIfNeeded: bytes.count)
    }
  }

  /// With a copy that ends in NUL, cleared afterwards.
  private static func withCString<Result>(
    _ password: KeyBytes?, _ body: (UnsafePointer<CChar>?) -> Result
  ) -> Result {
    guard let password else { return body(nil) }
    return password.withBytes { bytes in
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { room in
        let raw = UnsafeMutableRawBufferPointer(room)
        raw.copyMemory(from: bytes)
        raw[bytes.count] = 0
        defer { OPENSSL_cleanse(raw.baseAddress, raw.count) }
        return body(UnsafePointer(room.baseAddress))
      }
    }
  }
}
