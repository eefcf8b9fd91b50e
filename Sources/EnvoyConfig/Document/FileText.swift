import Glibc

struct FileProblem: Error {
  var problem: String
  var allowed: String
}

/// Reading a whole file, with a limit.
enum FileText {
  static func read(_ path: String, limit: Int) -> Result<[UInt8], FileProblem> {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return .failure(systemError("cannot be opened", errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return .failure(systemError("cannot be looked at", errno)) }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      return .failure(FileProblem(problem: "is a directory", allowed: "a file is allowed"))
    }
    return readAll(descriptor, limit: limit, sizeHint: Int(clamping: status.st_size))
  }

  /// The size is only a hint: a pipe has none, and a file may grow.
  private static func readAll(_ descriptor: Int32, limit: Int, sizeHint: Int) -> Result<[UInt8], FileProblem> {
    let chunk = 1 << 16
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(max(sizeHint, 0), limit) + 1)
    while true {
      var count = 0
      let room = min(max(sizeHint - bytes.count, chunk), limit + 1)
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: room))
      count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress?.advanced(by: start), room)
      }
      bytes.removeLast(room - max(count, 0))
      if count < 0 && errno == EINTR { continue }
      if count < 0 { return .failure(systemError("cannot be read", errno)) }
      if count == 0 { return .success(bytes) }
      if bytes.count > limit {
        return .failure(
          FileProblem(problem: "is larger than \(limit) bytes", allowed: "at most \(limit) bytes are allowed"))
      }
    }
  }

  private static func systemError(_ what: String, _ code: Int32) -> FileProblem {
    FileProblem(problem: "\(what): \(String(cString: strerror(code)))", allowed: "a readable file is allowed")
  }
}
