import COpenSSL

/// The bytes of a private key, a password or a ticket key: one copy that no description shows, cleared with its owner.
///
/// Sound as `@unchecked Sendable`: the bytes never change between init and deinit.
package final class KeyBytes: @unchecked Sendable {
  private let memory: UnsafeMutableRawBufferPointer
  package let count: Int

  package init(copying bytes: UnsafeRawBufferPointer) {
    memory = .allocate(byteCount: bytes.count, alignment: 16)
    memory.copyMemory(from: bytes)
    count = bytes.count
  }

  /// Memory of at most so many bytes, filled by `body`, which returns how many it wrote.
  package init(capacity: Int, filledBy body: (UnsafeMutableRawBufferPointer) -> Int) {
    memory = .allocate(byteCount: capacity, alignment: 16)
    count = min(max(body(memory), 0), capacity)
  }

  deinit {
    OPENSSL_cleanse(memory.baseAddress, memory.count)
    memory.deallocate()
  }

  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
  }
}
