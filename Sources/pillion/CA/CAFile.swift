import Glibc
import Reactor
import Security

/// Reading and writing small files whose content may be secret.
enum CAFile {
  /// A file of certificates or with a key is refused beyond it.
  private static let limit = 1 << 20

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  static func read(_ path: String) throws(CAFileError) -> KeyBytes {
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard number >= 0 else { throw CAFileError(path, "cannot be opened", SystemError("open")) }
    let file = Descriptor(number)
    var status = stat()
    guard fstat(file.number, &status) == 0 else { throw CAFileError(path, "cannot be read", SystemError("fstat")) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw CAFileError(path, "is no regular file") }
    guard status.st_size < limit else { throw CAFileError(path, "is larger than \(limit) bytes") }
    var failure: SystemError?
    let bytes = KeyBytes(capacity: Int(status.st_size)) { memory in
      let count = Glibc.read(file.number, memory.baseAddress, memory.count)
      if count < 0 { failure = SystemError("read") }
      return count
    }
    if let failure { throw CAFileError(path, "cannot be read", failure) }
    return bytes
  }

  /// A new file that only its owner may read, and that is on the disk when this returns.
  static func create(_ path: String, _ content: UnsafeRawBufferPointer) throws(CAFileError) {
    let number = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard number >= 0 else { throw CAFileError(path, "cannot be made", SystemError("open")) }
    let file = Descriptor(number)
    var rest = content
    while !rest.isEmpty {
      let count = write(file.number, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw CAFileError(path, "cannot be written", SystemError("write")) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    guard fsync(file.number) == 0 else { throw CAFileError(path, "cannot be written", SystemError("fsync")) }
  }

  static func certificates(_ path: String) throws(CAFileError) -> [SignedCertificate] {
    let bytes = try read(path)
    return try about(path) { () throws(AuthorityError) in try bytes.certificates() }
  }

  static func key(_ path: String) throws(CAFileError) -> SigningKey {
    let bytes = try read(path)
    return try about(path) { () throws(AuthorityError) in try bytes.key() }
  }
}
