import Glibc

/// A file, pipe or terminal that lines go to, opened anew so that its being non-blocking concerns nobody else. Writing
/// never waits: not for a slow reader of a pipe either.
///
/// A closed pipe is an error of `write`, so the process must ignore SIGPIPE.
struct OutputDescriptor: ~Copyable {
  struct WriteResult {
    /// So many bytes were taken, possibly none.
    var written = 0
    /// No more can be, and waiting does not help. Otherwise the rest may go later.
    var hasFailed = false
  }

  private let descriptor: Int32
  private let ownsDescriptor: Bool

  /// Opens for appending, and makes the file if need be.
  init(path: String) throws(OutputError) {
    let opened = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0o644)
    if opened >= 0 {
      descriptor = opened
      ownsDescriptor = true
      return
    }
    let reason = errno
    // A socket, or what another user opened, cannot be opened anew.
    switch path {
    case "/dev/stdout": descriptor = STDOUT_FILENO
    case "/dev/stderr": descriptor = STDERR_FILENO
    default: throw OutputError(path: path, errno: reason)
    }
    ownsDescriptor = false
  }

  deinit {
    if ownsDescriptor { close(descriptor) }
  }

  /// Writes as much as goes at once.
  borrowing func write(_ bytes: UnsafeRawBufferPointer) -> WriteResult {
    var result = WriteResult()
    while result.written < bytes.count {
      let count = writeOnce(UnsafeRawBufferPointer(rebasing: bytes[result.written...]))
      if count >= 0 {
        result.written += count
      } else if errno == EAGAIN {
        break
      } else if errno != EINTR {
        result.hasFailed = true
        break
      }
    }
    return result
  }

  private borrowing func writeOnce(_ bytes: UnsafeRawBufferPointer) -> Int {
    if !ownsDescriptor {
      let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
      let count = send(descriptor, bytes.baseAddress, bytes.count, flags)
      if count >= 0 || errno != ENOTSOCK { return count }
    }
    return Glibc.write(descriptor, bytes.baseAddress, bytes.count)
  }
}

/// A log that cannot be opened, in Envoy's words.
package struct OutputError: Error, Equatable, CustomStringConvertible {
  package let path: String
  package let errno: Int32

  package var description: String { "unable to open file '\(path)': \(String(cString: strerror(errno)))" }
}
