import Reactor
import Security

/// A file or folder, and why it could not be read, used or written.
struct CAFileError: Error, CustomStringConvertible {
  let description: String

  init(_ path: String, _ reason: String) { description = "\(path): \(reason)" }

  init(_ path: String, _ attempt: String, _ error: SystemError) {
    self.init(path, "\(attempt): \(error.reason)")
  }
}

/// Does what concerns the file `path`, and lets it stand in front of what goes wrong.
func about<R>(_ path: String, _ body: () throws(AuthorityError) -> R) throws(CAFileError) -> R {
  do throws(AuthorityError) {
    return try body()
  } catch {
    throw CAFileError(path, error.description)
  }
}
