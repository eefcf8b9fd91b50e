import Reactor

/// The grammar of a Host field and of the authority in a target: uri-host [ ":" port ] (RFC 9110 §7.2, RFC 3986 §3.2).
enum HostSyntax {
  /// Whether `text` may be a Host field. An empty one may (RFC 9110 §7.2).
  @inline(__always)
  static func isValidHost(_ text: ByteView) -> Bool {
    var index = 0
    while index < text.count, registeredNameBytes[Int(text.start[index])] != 0 { index &+= 1 }
    guard index < text.count, text.start[index] == 0x3a else { return index == text.count || isValidUncommon(text) }
    index &+= 1
    while index < text.count, isDigit(text.start[index]) { index &+= 1 }
    return index == text.count || isValidUncommon(text)
  }

  /// Whether `text` is a host that is not empty, with a port from 1 to 65,535 that may be missing unless `needsPort`.
  static func isValidAuthority(_ text: ByteView, needsPort: Bool) -> Bool {
    guard let end = endOfHost(text), end > 0 else { return false }
    if end == text.count { return !needsPort }
    guard text[end] == 0x3a, let port = text.dropFirst(end + 1).decimal else { return false }
    return port > 0 && port <= 65_535
  }

  private static func isValidUncommon(_ text: ByteView) -> Bool {
    guard let end = endOfHost(text) else { return false }
    if end == text.count { return true }
    guard text[end] == 0x3a else { return false }
    for index in (end + 1)..<text.count where !isDigit(text[index]) { return false }
    return true
  }

  /// The end of an IP literal or of a reg-name at the start of `text`; nil for an open bracket.
  private static func endOfHost(_ text: ByteView) -> Int? {
    if text.count > 0, text[0] == 0x5b {
      guard let close = text.firstIndex(of: 0x5d), close > 1 else { return nil }
      for index in 1..<close where text[index] != 0x3a && registeredNameBytes[Int(text[index])] == 0 { return nil }
      return close + 1
    }
    var end = 0
    while end < text.count, registeredNameBytes[Int(text[end])] != 0 { end += 1 }
    return end
  }
}
