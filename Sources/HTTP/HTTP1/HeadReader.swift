import Reactor

/// Reads the heads of a connection's messages, and remembers of one that comes in pieces what has been looked at already.
struct HeadReader {
  /// What a head may have at most, line and fields.
  let maxBytes: Int
  private var isIncomplete = false
  private var isLineChecked = false
  private var search = HeadSearch()

  init(maxKiB: Int) { maxBytes = maxKiB * 1024 }

  /// A head begins.
  mutating func begin() { isIncomplete = false }

  /// Whether bytes of a head have come, and not all.
  var isInside: Bool { isIncomplete }

  /// The head that begins with the first of the bytes, and its fields; nil while it is incomplete. Given the same bytes
  /// again, and what follows.
  /// - Parameter read: reads a whole head into the map, which is the caller's then.
  /// - Parameter checkLine: looks at a first line that stands alone yet.
  @inline(__always)
  mutating func next<Head>(
    _ bytes: ByteView, pool: HeaderMapPool, _ read: (ByteView, HeaderMap) throws(CodecError) -> Head?,
    checkLine: (ByteView) throws(CodecError) -> Void
  ) throws(CodecError) -> (head: Head, map: HeaderMap)? {
    let window = bytes.prefix(maxBytes)
    if isIncomplete, search.end(window) == nil {
      try checkIncomplete(window, checkLine)
      return nil
    }
    let map = pool.take()
    do throws(CodecError) {
      if let head = try read(window, map) {
        isIncomplete = false
        return (head, map)
      }
    } catch {
      pool.giveBack(map)
      throw error
    }
    pool.giveBack(map)
    if !isIncomplete {
      search = HeadSearch()
      isIncomplete = true
      isLineChecked = false
    }
    _ = search.end(window)
    try checkIncomplete(window, checkLine)
    return nil
  }

  private mutating func checkIncomplete(
    _ window: ByteView, _ checkLine: (ByteView) throws(CodecError) -> Void
  ) throws(CodecError) {
    if window.count >= maxBytes { throw .headersTooLarge }
    if search.hasLine, !isLineChecked {
      isLineChecked = true
      try checkLine(window)
    }
  }
}
