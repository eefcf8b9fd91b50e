import HTTP
import Reactor

/// Lists of tokens in field values, separated by commas (RFC 9110 §5.6.1).
enum ListTokens {
  static func forEach(in list: ByteView, _ body: (ByteView) -> Void) {
    var rest = list
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.count
      let token = rest.prefix(end).trimmed
      if !token.isEmpty { body(token) }
      rest = rest.dropFirst(end + 1)
    }
  }

  /// Whether the list has the token, whatever its case.
  static func contain(_ token: StaticString, in list: ByteView) -> Bool {
    var found = false
    forEach(in: list) { if $0.equalsIgnoringCase(ByteView(token)) { found = true } }
    return found
  }

  /// The member at a place counted from the end, 0 for the last; nil where there are not so many.
  static func member(fromEnd place: Int, of list: ByteView) -> ByteView? {
    var rest = list
    for _ in 0..<place {
      guard let comma = rest.lastIndex(of: UInt8(ascii: ",")) else { return nil }
      rest = rest.prefix(comma)
    }
    return (rest.lastIndex(of: UInt8(ascii: ",")).map { rest.dropFirst($0 + 1) } ?? rest).trimmed
  }
}
