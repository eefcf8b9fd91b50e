import COpenSSL

/// Bytes that are cleared when their owner ends: the text of a private key.
package final class WipedBytes {
  private let memory: UnsafeMutableRawBufferPointer
  package private(set) var count: Int

  init(copying bytes: UnsafeRawBufferPointer) {
    memory = .allocate(byteCount: bytes.count, alignment: 1)
    memory.copyMemory(from: bytes)
    count = bytes.count
  }

  /// Memory of at most so many bytes, filled by `body`, which returns how many it wrote.
  package init(capacity: Int, filledBy body: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows {
    memory = .allocate(byteCount: capacity, alignment: 1)
    count = 0
    count = min(max(try body(memory), 0), capacity)
  }

  deinit {
    OPENSSL_cleanse(memory.baseAddress, memory.count)
    memory.deallocate()
  }

  package func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
  }
}
