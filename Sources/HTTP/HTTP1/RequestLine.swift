import Reactor

/// A request line (RFC 9112 §3) as offsets into the head. Strict: one space between the parts, none around them.
struct RequestLine {
  let method: RequestMethod
  let methodLength: Int
  let target: Range<Int>
  /// Where the field lines begin.
  let end: Int

  /// "HTTP/1.1" as a word.
  static let version: UInt64 = 0x312e_312f_5054_5448

  /// "GET " as half a word.
  private static let get: UInt64 = 0x2054_4547

  /// Nil while the line is incomplete; what is wrong for certain is refused even then.
  static func read(_ bytes: ByteView, allowCustomMethods: Bool = false) throws(CodecError) -> RequestLine? {
    var method = RequestMethod.get
    var methodEnd = 3
    if bytes.word(at: 0) & 0xffff_ffff != get {
      let longest = allowCustomMethods ? bytes.count : RequestMethod.longest
      guard let end = try endOfMethod(bytes, longest: longest) else { return nil }
      guard let found = RequestMethod(bytes[0..<end]) ?? (allowCustomMethods && end > 0 ? .other : nil) else {
        throw .malformed
      }
      method = found
      methodEnd = end
    }
    let targetStart = methodEnd + 1
    let targetEnd = bytes.endOfTarget(from: targetStart)
    guard targetEnd < bytes.count else { return nil }
    guard bytes[targetEnd] == 0x20 else { throw fault(ofTargetByte: bytes[targetEnd]) }
    guard targetEnd > targetStart else { throw .malformed }
    var end = targetEnd &+ 11
    if bytes.word(at: targetEnd &+ 1) != version || bytes.word(at: targetEnd &+ 9) & 0xffff != 0x0a0d {
      guard let found = try endOfVersion(bytes, from: targetEnd + 1) else { return nil }
      end = found
    }
    return RequestLine(method: method, methodLength: methodEnd, target: targetStart..<targetEnd, end: end)
  }

  private static func endOfMethod(_ bytes: ByteView, longest: Int) throws(CodecError) -> Int? {
    let end = bytes.prefix(longest + 1).firstIndex(of: 0x20)
    for index in 0..<(end ?? min(bytes.count, longest + 1)) where !isFieldNameByte(bytes[index]) {
      throw index > 0 && isControl(bytes[index]) ? .invalidCharacters : .malformed
    }
    if end == nil, bytes.count > longest { throw .malformed }
    return end
  }

  /// The end of a line that does not end with "HTTP/1.1" CRLF.
  private static func endOfVersion(_ bytes: ByteView, from start: Int) throws(CodecError) -> Int? {
    guard let length = bytes.dropFirst(start).firstIndex(of: 0x0a) else { return nil }
    var text = bytes[start..<(start + length)]
    if text.count > 0, text[text.count - 1] == 0x0d { text = text.prefix(text.count - 1) }
    if text.count == 8, text.word(at: 0) == version { return start + length + 1 }
    for index in 0..<text.count where isControl(text[index]) { throw .invalidCharacters }
    throw text.isEmpty || isHTTPVersion(text) ? .lowVersion : .malformed
  }

  /// A line that ends after the target is one of HTTP/0.9.
  private static func fault(ofTargetByte byte: UInt8) -> CodecError {
    if byte == 0x0d || byte == 0x0a { return .lowVersion }
    return byte == 0x09 || byte >= 0x80 ? .malformed : .invalidCharacters
  }

  private static func isControl(_ byte: UInt8) -> Bool {
    byte < 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d
  }
}

/// HTTP-version of RFC 9112 §2.3: "HTTP/" DIGIT "." DIGIT.
func isHTTPVersion(_ text: ByteView) -> Bool {
  text.count == 8 && text.hasPrefix(ByteView("HTTP/")) && isDigit(text[5]) && text[6] == 0x2e && isDigit(text[7])
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
