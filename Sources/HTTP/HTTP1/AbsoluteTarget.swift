import Reactor

/// An absolute-form target (RFC 9112 §3.2.2) as offsets into the head.
struct AbsoluteTarget {
  let scheme: StaticString
  /// Without user information.
  let authority: Range<Int>
  /// May be empty.
  let path: Range<Int>

  init(_ bytes: ByteView, target: Range<Int>) throws(CodecError) {
    let text = bytes[target]
    var index = 0
    while index < text.count, asciiLowercased(text[index]) &- 0x61 < 26 { index += 1 }
    guard index > 0, text.dropFirst(index).hasPrefix(ByteView("://")) else { throw .malformed }
    let scheme = text.prefix(index)
    let start = index + 3
    var end = start
    while end < text.count, !Self.endsAuthority(text[end]) { end += 1 }
    var authority = text[start..<end]
    if let at = authority.lastIndex(of: 0x40) { authority = authority.dropFirst(at + 1) }
    for index in 0..<authority.count where !Self.isAuthorityByte(authority[index]) { throw .malformed }
    if scheme.equalsIgnoringCase(ByteView("http")) {
      self.scheme = "http"
    } else if scheme.equalsIgnoringCase(ByteView("https")) {
      self.scheme = "https"
    } else {
      throw .invalidScheme
    }
    guard HostSyntax.isValidAuthority(authority, needsPort: false) else { throw .invalidURL }
    self.authority = (target.lowerBound + end - authority.count)..<(target.lowerBound + end)
    path = (target.lowerBound + end)..<target.upperBound
  }

  private static func endsAuthority(_ byte: UInt8) -> Bool { byte == 0x2f || byte == 0x3f || byte == 0x23 }

  private static func isAuthorityByte(_ byte: UInt8) -> Bool {
    registeredNameBytes[Int(byte)] != 0 || byte == 0x3a || byte == 0x5b || byte == 0x5d
  }
}
