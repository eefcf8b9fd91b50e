import Reactor

/// Looks for the end of a head, the empty line, when a head comes in pieces: each byte is looked at once, so that a peer
/// that sends byte by byte costs no more than one that sends all at once. Given the same bytes again and what follows.
struct HeadSearch {
  private var searched = 0
  /// The end of the first line, once it was seen.
  private(set) var hasLine = false

  /// Where the head ends, behind the empty line; nil while it has not come.
  mutating func end(_ bytes: ByteView) -> Int? {
    var index = searched
    while index < bytes.count, let offset = bytes.dropFirst(index).firstIndex(of: 0x0a) {
      hasLine = true
      searched = index + offset
      index = searched + 1
      if index == bytes.count { return nil }
      if bytes[index] == 0x0a { return index + 1 }
      if bytes[index] == 0x0d {
        // With too little behind it, this line end is looked at again.
        if index + 1 == bytes.count { return nil }
        if bytes[index + 1] == 0x0a { return index + 2 }
      }
    }
    searched = bytes.count
    return nil
  }
}
