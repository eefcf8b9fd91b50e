import Reactor

/// The beginning of what a forward proxy's client sends, as far as it says where the client wants to go.
enum ForwardRequest: Equatable {
  case needsMore
  /// `CONNECT host:port`, with a head of so many bytes: what follows them is the tunnel's (RFC 9110 §9.3.6).
  case connect(ForwardTarget, headLength: Int)
  /// `GET http://host/path`: the head is the server's, and of this request only is the destination known (RFC 9112 §3.2.2).
  case absolute(ForwardTarget)
  case refused(Refusal)

  /// Why there is no way on: the status of the answer, and what its body says.
  struct Refusal: Equatable {
    let status: Int
    let reason: String
  }

  /// - Parameter limit: bytes that a head may have.
  static func parse(_ bytes: ByteView, limit: Int) -> ForwardRequest {
    var start = 0
    // Empty lines in front of a request are passed over (RFC 9112 §2.2).
    while start < bytes.count, bytes[start] == carriageReturn || bytes[start] == lineFeed { start += 1 }
    let rest = bytes.dropFirst(start)
    guard rest.count > 0 else { return incomplete(bytes, limit) }
    guard isMethodByte(rest[0]) else { return refused(400, "this is no HTTP request") }
    guard let end = rest.firstIndex(of: lineFeed) else { return incomplete(bytes, limit) }
    let words = withoutReturn(rest.prefix(end)).words
    guard words.count == 3, words[0].allSatisfy(isMethodByte), words[1].allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      return refused(400, "the request line is malformed")
    }
    guard words[2] == Array("HTTP/1.1".utf8) || words[2] == Array("HTTP/1.0".utf8) else {
      return refused(400, "only HTTP/1.1 is spoken here, and HTTP/2 behind a CONNECT")
    }
    let target = String(decoding: words[1], as: UTF8.self)
    if words[0] == Array("CONNECT".utf8) { return connect(target, bytes, head: start + end + 1, limit) }
    return absolute(target)
  }

  private static func incomplete(_ bytes: ByteView, _ limit: Int) -> ForwardRequest {
    bytes.count < limit ? .needsMore : refused(431, "the request's head is larger than \(limit) bytes")
  }

  private static func refused(_ status: Int, _ reason: String) -> ForwardRequest {
    .refused(Refusal(status: status, reason: reason))
  }

  // MARK: CONNECT

  /// - Parameter head: where its fields begin.
  private static func connect(_ text: String, _ bytes: ByteView, head: Int, _ limit: Int) -> ForwardRequest {
    guard let target = ForwardTarget(text) else { return refused(400, "CONNECT names a host and its port") }
    var start = head
    while let length = bytes.dropFirst(start).firstIndex(of: lineFeed) {
      let line = withoutReturn(bytes[start..<start + length])
      start += length + 1
      if line.count == 0 { return .connect(target, headLength: start) }
      for index in 0..<line.count where line[index] < 0x20 && line[index] != 0x09 || line[index] == 0x7f {
        return refused(400, "the request's head is malformed")
      }
    }
    return incomplete(bytes, limit)
  }

  // MARK: Absolute form

  private static func absolute(_ target: String) -> ForwardRequest {
    guard let colon = target.utf8.firstIndex(of: UInt8(ascii: ":")), !target.hasPrefix("/"), target != "*" else {
      return refused(400, "the request names no server: its target is no http://host/path")
    }
    let (scheme, rest) = (target[..<colon].lowercased(), target[colon...])
    guard rest.hasPrefix("://") else { return refused(400, "the request's target is no http://host/path") }
    guard scheme == "http" else {
      return refused(400, "'\(scheme)' is reached by CONNECT only, not by an absolute target")
    }
    let authority = rest.dropFirst(3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard let target = ForwardTarget(String(authority), defaultPort: 80) else {
      return refused(400, "the request's target names no valid host and port")
    }
    return .absolute(target)
  }

  // MARK: Bytes

  private static let carriageReturn: UInt8 = 0x0d
  private static let lineFeed: UInt8 = 0x0a

  private static func withoutReturn(_ line: ByteView) -> ByteView {
    line.count > 0 && line[line.count - 1] == carriageReturn ? line.prefix(line.count - 1) : line
  }

  /// A character of a token (RFC 9110 §5.6.2).
  private static func isMethodByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}

extension ByteView {
  /// What stands between its spaces.
  fileprivate var words: [[UInt8]] {
    buffer.split(separator: 0x20, omittingEmptySubsequences: false).map { Array($0) }
  }
}
