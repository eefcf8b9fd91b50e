import COpenSSL

/// An X.509 certificate, made or read.
package final class SignedCertificate {
  let handle: OpaquePointer

  /// Takes over the handle.
  init(handle: OpaquePointer) { self.handle = handle }

  deinit { X509_free(handle) }

  /// Reads all certificates of a PEM file in their order; other blocks are passed over.
  /// - Throws: there is none, one is broken, or there are more than 100.
  package static func read(pem: UnsafeRawBufferPointer) throws(AuthorityError) -> [SignedCertificate] {
    let bio = try MemoryBIO(reading: pem)
    var certificates: [SignedCertificate] = []
    while let handle = PEM_read_bio_X509(bio.handle, nil, { _, _, _, _ in -1 }, nil) {
      certificates.append(SignedCertificate(handle: handle))
      guard certificates.count <= 100 else { throw AuthorityError("holds more than 100 certificates") }
    }
    let code = ERR_peek_last_error()
    let isAtEnd = pl_tls_error_library(code) == Int32(ERR_LIB_PEM) && pl_tls_error_reason(code) == PEM_R_NO_START_LINE
    guard isAtEnd else {
      throw AuthorityError(openSSL: "certificate \(certificates.count + 1) cannot be read")
    }
    ERR_clear_error()
    guard !certificates.isEmpty else { throw AuthorityError("holds no certificate") }
    return certificates
  }

  package func pem() throws(AuthorityError) -> [UInt8] {
    let bio = try MemoryBIO()
    guard PEM_write_bio_X509(bio.handle, handle) == 1 else {
      throw AuthorityError(openSSL: "the certificate cannot be written")
    }
    return bio.withWritten { [UInt8]($0) }
  }

  /// Seconds since the epoch; 0 for a time that is none.
  package var notBefore: Int64 { X509Fields.notBefore(handle) ?? 0 }

  /// Seconds since the epoch; 0 for a time that is none.
  package var notAfter: Int64 { X509Fields.notAfter(handle) ?? 0 }

  /// Whether the other's name and key identifier are the issuer's, and its key made the signature.
  package func isSigned(by issuer: SignedCertificate) -> Bool {
    guard X509_check_issued(issuer.handle, handle) == X509_V_OK, let key = X509_get0_pubkey(issuer.handle) else {
      return false
    }
    let isVerified = X509_verify(handle, key) == 1
    ERR_clear_error()
    return isVerified
  }

  package func isSame(as other: SignedCertificate) -> Bool { X509_cmp(handle, other.handle) == 0 }
}
