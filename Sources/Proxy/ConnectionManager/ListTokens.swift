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

  /// Fields that a Connection header cannot take away: without them the message would be another one.
  static func isProtected(_ name: ByteView) -> Bool {
    switch HeaderName(name) {
    case .method, .path, .authority, .scheme, .status, .protocol, .host, .contentLength, .transferEncoding, .te,
      .connection, .xForwardedFor, .xForwardedHost, .xForwardedProto:
      true
    default: false
    }
  }
}
