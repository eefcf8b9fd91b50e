import COpenSSL

/// The bytes of a private key, a password or a ticket key: one copy that no description shows, cleared with its owner.
///
/// Sound as `@unchecked Sendable`: the bytes never change between init and deinit.
package final class KeyBytes: @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer

  package init(copying bytes: UnsafeRawBufferPointer) {
    memory = .allocate(byteCount: bytes.count, alignment: 16)
    memory.copyMemory(from: bytes)
  }

  package init(_ bytes: [UInt8]) {
    memory = .allocate(byteCount: bytes.count, alignment: 16)
    memory.copyBytes(from: bytes)
  }

  /// Takes over bytes of the caller's and clears them there.
  package init(clearing bytes: inout [UInt8]) {
    memory = .allocate(byteCount: bytes.count, alignment: 16)
    memory.copyBytes(from: bytes)
    bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    bytes = []
  }

  deinit {
    OPENSSL_cleanse(memory.baseAddress, memory.count)
    memory.deallocate()
  }

  package var count: Int { memory.count }

  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(memory))
  }
}
