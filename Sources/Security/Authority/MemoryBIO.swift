import COpenSSL

/// OpenSSL's way to read and write memory.
struct MemoryBIO: ~Copyable {
  let handle: OpaquePointer

  /// To be written to; its memory is cleared when it ends.
  init() throws(AuthorityError) {
    guard let bio = BIO_new(BIO_s_secmem()) else { throw AuthorityError(openSSL: "out of memory") }
    handle = bio
  }

  /// To be read from; `bytes` must outlive it.
  init(reading bytes: UnsafeRawBufferPointer) throws(AuthorityError) {
    guard let count = Int32(exactly: bytes.count), let bio = BIO_new_mem_buf(bytes.baseAddress, count) else {
      throw AuthorityError("cannot be read: too large")
    }
    handle = bio
  }

  deinit { BIO_free(handle) }

  func withWritten<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    var start: UnsafeMutablePointer<CChar>?
    let count = pl_tls_memory_contents(handle, &start)
    return body(UnsafeRawBufferPointer(start: start, count: max(count, 0)))
  }
}
