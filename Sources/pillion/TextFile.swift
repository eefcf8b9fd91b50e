import Glibc
import Reactor

/// Small files that tools read.
enum TextFile {
  /// Replaces the file's content.
  /// - Throws: it cannot be opened or written.
  static func write(_ text: String, to path: String) throws(SystemError) {
    let file = try Descriptor(checking: open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644), "open")
    var text = text
    let written = text.withUTF8 { Glibc.write(file.number, $0.baseAddress, $0.count) }
    if written != text.utf8.count { throw SystemError("write") }
  }
}
