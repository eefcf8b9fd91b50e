import Glibc

struct FileProblem: Error {
  var problem: String
  var allowed: String
}

/// Reading a whole file, with a limit.
enum FileText {
  /// `isRegularOnly` refuses pipes and devices, which could keep a reader waiting.
  static func read(_ path: String, limit: Int, isRegularOnly: Bool = false) -> Result<[UInt8], FileProblem> {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | (isRegularOnly ? O_NONBLOCK : 0))
    guard descriptor >= 0 else { return .failure(systemError("cannot be opened", errno)) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return .failure(systemError("cannot be looked at", errno)) }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      return .failure(FileProblem(problem: "is a directory", allowed: "a file is allowed"))
    }
    guard !isRegularOnly || status.st_mode & S_IFMT == S_IFREG else {
      return .failure(FileProblem(problem: "is no regular file", allowed: "a file is allowed"))
    }
    return readAll(descriptor, limit: limit, sizeHint: min(Int(clamping: status.st_size), limit))
  }

  /// The size is only a hint: a pipe has none, and a file may grow.
  private static func readAll(_ descriptor: Int32, limit: Int, sizeHint: Int) -> Result<[UInt8], FileProblem> {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(max(sizeHint, 0), limit))
    var chunk = [UInt8](repeating: 0, count: min(max(sizeHint + 1, 4096), 1 << 20))
    // The file may hold a key.
    defer { chunk.wipe() }
    while true {
      let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count < 0 { return .failure(systemError("cannot be read", errno)) }
      if count == 0 { return .success(bytes) }
      bytes.append(contentsOf: chunk[..<count])
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
