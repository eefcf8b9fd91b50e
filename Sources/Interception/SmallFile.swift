import Glibc
import Reactor

/// Files of the system's that fit into a buffer.
enum SmallFile {
  private static let limit = 1 << 20

  /// Its text, at most 1 MiB of it; nil where it cannot be read.
  static func read(_ path: String) -> String? {
    var text: [UInt8] = []
    let isRead = eachPart(of: path) { part in
      text += part
      return text.count < limit
    }
    return isRead ? String(decoding: text, as: UTF8.self) : nil
  }

  /// Its lines, one after the other, for as long as `body` says true and a line is no longer than 1 MiB.
  /// - Returns: false where it cannot be read.
  static func eachLine(of path: String, _ body: (ArraySlice<UInt8>) -> Bool) -> Bool {
    var rest: [UInt8] = []
    return eachPart(of: path) { part in
      rest += part
      var start = 0
      while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
        if !body(rest[start..<end]) { return false }
        start = end + 1
      }
      rest.removeSubrange(..<start)
      return rest.count < limit
    }
  }

  private static func eachPart(of path: String, _ body: (ArraySlice<UInt8>) -> Bool) -> Bool {
    guard let file = try? Descriptor(checking: open(path, O_RDONLY | O_CLOEXEC), "open") else { return false }
    var part = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = Glibc.read(file.number, &part, part.count)
      if count < 0 { return false }
      if count == 0 || !body(part[..<count]) { return true }
    }
  }
}
