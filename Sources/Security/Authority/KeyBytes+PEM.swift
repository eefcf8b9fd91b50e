extension KeyBytes {
  /// All certificates of a PEM file.
  package func certificates() throws(AuthorityError) -> [SignedCertificate] {
    try withBytes { bytes throws(AuthorityError) in try SignedCertificate.read(pem: bytes) }
  }

  /// The first private key of a PEM file.
  package func key() throws(AuthorityError) -> SigningKey {
    try withBytes { bytes throws(AuthorityError) in try SigningKey(pem: bytes) }
  }

  /// Whether there is the head of a private key, of whatever kind, in the text.
  package var mentionsPrivateKey: Bool {
    withBytes { bytes in
      let words = Array("PRIVATE KEY-----".utf8)
      return bytes.indices.contains { bytes[$0...].starts(with: words) }
    }
  }
}
