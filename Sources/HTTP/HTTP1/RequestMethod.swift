import Reactor

/// The methods that Envoy's HTTP/1 parser takes. Those with rules of their own have a case.
enum RequestMethod: UInt8 {
  case get, head, post, connect, options, delete, trace, other

  /// The longest name of a method: what is longer is none.
  static let longest = 11

  /// Nil for a method that Envoy refuses. Names are case-sensitive (RFC 9110 §9.1).
  init?(_ text: ByteView) {
    guard text.count <= 8 else {
      guard Self.long.contains(where: { text == $0 }) else { return nil }
      self = .other
      return
    }
    switch text.word(at: 0) {
    case 0x54_4547: self = .get
    case 0x4441_4548: self = .head
    case 0x5453_4f50: self = .post
    case 0x54_4345_4e4e_4f43: self = .connect
    case 0x53_4e4f_4954_504f: self = .options
    case 0x4554_454c_4544: self = .delete
    case 0x45_4341_5254: self = .trace
    default:
      guard Self.short.contains(where: { text == $0 }) else { return nil }
      self = .other
    }
  }

  /// Whether a request without content says so by `content-length: 0` (as Envoy).
  var announcesEmptyBody: Bool {
    switch self {
    case .get, .head, .connect, .delete, .trace: false
    case .post, .options, .other: true
    }
  }

  private static let short: [StaticString] = [
    "PUT", "PATCH", "QUERY", "COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND", "SEARCH", "UNLOCK", "BIND", "REBIND",
    "UNBIND", "ACL", "REPORT", "CHECKOUT", "MERGE", "NOTIFY", "PURGE", "LINK", "UNLINK", "SOURCE",
  ]

  private static let long: [StaticString] = ["PROPPATCH", "MKACTIVITY", "SUBSCRIBE", "UNSUBSCRIBE", "MKCALENDAR"]
}
