import COpenSSL

/// Configured session ticket keys (Envoy's TlsSessionTicketKeys): 80 bytes each, name, HMAC key and AES key. The first
/// encrypts; all decrypt, so that a rotation keeps tickets that are out.
final class TicketKeys: Sendable {
  static let keySize = 80
  private static let nameSize = 16
  private static let macKeySize = 32

  private let keys: [KeyBytes]

  init(_ data: [TLSKeyData]) throws(TLSConfigurationError) {
    for key in data where key.bytes.count != Self.keySize {
      throw TLSConfigurationError(
        .ticketKeys,
        "Incorrect TLS session ticket key length in \(key.source). Length \(key.bytes.count), expected length 80.")
    }
    keys = data.map(\.bytes)
  }

  static let callback:
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, OpaquePointer?, OpaquePointer?, Int32
    ) -> Int32 = { ssl, name, iv, cipher, mac, encrypts in
      guard let name, let iv, let cipher, let mac, let keys = TLSSession.of(ssl)?.context.tickets else { return -1 }
      return encrypts == 1 ? keys.encrypt(name, iv, cipher, mac) : keys.decrypt(name, iv, cipher, mac)
    }

  private func encrypt(
    _ name: UnsafeMutablePointer<UInt8>, _ iv: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer,
    _ mac: OpaquePointer
  ) -> Int32 {
    guard let key = keys.first, RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 else { return -1 }
    return key.withBytes { bytes in
      UnsafeMutableRawBufferPointer(start: name, count: Self.nameSize)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[0..<Self.nameSize]))
      return Self.start(cipher, mac, bytes, iv, encrypts: 1) ? 1 : -1
    }
  }

  /// 1 for a ticket of the first key, 2 for one to be made anew, 0 for an unknown key.
  private func decrypt(
    _ name: UnsafeMutablePointer<UInt8>, _ iv: UnsafeMutablePointer<UInt8>, _ cipher: OpaquePointer,
    _ mac: OpaquePointer
  ) -> Int32 {
    for (index, key) in keys.enumerated() {
      let result = key.withBytes { bytes -> Int32 in
        guard CRYPTO_memcmp(bytes.baseAddress, name, Self.nameSize) == 0 else { return 0 }
        guard Self.start(cipher, mac, bytes, iv, encrypts: 0) else { return -1 }
        return index == 0 ? 1 : 2
      }
      if result != 0 { return result }
    }
    return 0
  }

  private static func start(
    _ cipher: OpaquePointer, _ mac: OpaquePointer, _ key: UnsafeRawBufferPointer,
    _ iv: UnsafeMutablePointer<UInt8>, encrypts: Int32
  ) -> Bool {
    let macKey = UnsafeRawBufferPointer(rebasing: key[nameSize..<nameSize + macKeySize])
    let aesKey = UnsafeRawBufferPointer(rebasing: key[(nameSize + macKeySize)...])
    return pl_tls_start_ticket_mac(mac, macKey.baseAddress, macKey.count) == 1
      && EVP_CipherInit_ex(
        cipher, EVP_aes_256_cbc(), nil, aesKey.assumingMemoryBound(to: UInt8.self).baseAddress, iv, encrypts) == 1
  }
}
