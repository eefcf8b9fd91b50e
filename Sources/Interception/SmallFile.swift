import Glibc
import Reactor

/// Files of the system's that fit into a buffer.
enum SmallFile {
  private static let limit = 1 << 20

  /// Its text, at most 1 MiB of it; nil where it cannot be read.
  static func read(_ path: String) -> String? {
    guard let file = try? Descriptor(checking: open(path, O_RDONLY | O_CLOEXEC), "open") else { return nil }
    var (text, part): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 16_384))
    while text.count < limit {
      let count = Glibc.read(file.number, &part, part.count)
      if count < 0 { return nil }
      if count == 0 { break }
      text += part[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }
}
