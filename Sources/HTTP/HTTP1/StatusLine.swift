import Reactor

/// A status line (RFC 9112 §4) as offsets into the head. The reason is optional and not kept; spaces before the code may
/// be several, and any version is taken, as by Envoy.
struct StatusLine {
  let code: Int
  /// Where the three digits stand.
  let digits: Range<Int>
  /// HTTP/1.1 keeps the connection unless told otherwise; every other version closes it (RFC 9112 §9.3, and Envoy).
  let keepsAlive: Bool
  /// Where the field lines begin.
  let end: Int

  /// Nil while the line is incomplete; what is wrong for certain is refused even then.
  static func read(_ bytes: ByteView) throws(CodecError) -> StatusLine? {
    guard bytes.count > 8 else {
      guard ByteView("HTTP/").hasPrefix(bytes.prefix(5)) else { throw .malformed }
      return nil
    }
    let isCurrent = bytes.word(at: 0) == RequestLine.version
    guard isCurrent || isHTTPVersion(bytes.prefix(8)), bytes[8] == 0x20 else { throw .malformed }
    var start = 9
    while start < bytes.count, bytes[start] == 0x20 { start += 1 }
    guard start + 3 < bytes.count else { return nil }
    guard let code = statusCode(bytes[start..<(start + 3)]), isEndOfCode(bytes[start + 3]) else { throw .malformed }
    let lineEnd = bytes.endOfValue(from: start + 3)
    guard lineEnd < bytes.count else { return nil }
    guard let end = try endOfLine(bytes, at: lineEnd) else { return nil }
    return StatusLine(code: code, digits: start..<(start + 3), keepsAlive: isCurrent, end: end)
  }

  private static func isEndOfCode(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0d || byte == 0x0a }
}

/// What follows the line end, CRLF or a single LF (RFC 9112 §2.2), that stands at `index`; nil where its LF has not come.
@inline(__always)
func endOfLine(_ bytes: ByteView, at index: Int) throws(CodecError) -> Int? {
  if bytes[index] == 0x0a { return index + 1 }
  guard bytes[index] == 0x0d else { throw .invalidCharacters }
  guard index + 1 < bytes.count else { return nil }
  guard bytes[index + 1] == 0x0a else { throw .malformed }
  return index + 2
}

/// Three digits from 100 to 999.
@inline(__always)
func statusCode(_ text: ByteView) -> Int? {
  guard text.count == 3, text[0] != 0x30, isDigit(text[0]), isDigit(text[1]), isDigit(text[2]) else { return nil }
  return (Int(text[0]) &- 0x30) &* 100 &+ (Int(text[1]) &- 0x30) &* 10 &+ Int(text[2]) &- 0x30
}
