import Reactor

/// How the content of a message is delimited (RFC 9112 §6.3).
enum MessageFraming: Equatable {
  case none
  case length(UInt64)
  case chunked
  /// All that comes until the connection ends: a response without a length, or a tunnel.
  case untilClose

  /// What Transfer-Encoding and Content-Length of a head say; nil where there is neither. A length beside `chunked`
  /// leaves the map where it is allowed, and is refused elsewhere (RFC 9112 §6.1).
  static func announced(by map: HeaderMap, allowChunkedLength: Bool) throws(CodecError) -> MessageFraming? {
    guard map.mayHave(.contentLength) || map.mayHave(.transferEncoding) else { return nil }
    let length = try contentLength(of: map)
    guard let coding = map.value(of: .transferEncoding) else { return length.map { .length($0) } }
    let isChunked =
      coding.equalsIgnoringCase(ByteView("chunked")) && !map.isRepeated(.transferEncoding)
    if length != nil {
      guard allowChunkedLength, isChunked else { throw .lengthAndTransferEncoding }
      map.remove(.contentLength)
    }
    guard isChunked else { throw .invalidTransferEncoding }
    return .chunked
  }

  /// One field line, digits only; a repeated one is refused even if equal, as by Envoy.
  private static func contentLength(of map: HeaderMap) throws(CodecError) -> UInt64? {
    guard let index = map.firstIndex(of: .contentLength) else { return nil }
    guard map.nextIndex(of: .contentLength, from: index + 1) == nil else { throw .malformed }
    let text = map.value(at: index)
    guard text.count > 0 else { throw .malformed }
    var value: UInt64 = 0
    for position in 0..<text.count {
      guard isDigit(text[position]) else { throw .malformed }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(text[position] &- 0x30))
      guard !overflow, !carry else { throw .malformed }
      value = sum
    }
    return value
  }
}

extension HeaderMap {
  /// Whether a field of list syntax (RFC 9110 §5.6.1) has `token` among its members, in any case of letters.
  func lists(_ name: HeaderName, _ token: StaticString) -> Bool {
    var next = firstIndex(of: name)
    while let index = next {
      if value(at: index).listContains(token) { return true }
      next = nextIndex(of: name, from: index + 1)
    }
    return false
  }

  /// Whether the message asks to close the connection after it (RFC 9112 §9.6; Proxy-Connection as Envoy).
  @inline(__always)
  var asksToClose: Bool {
    guard mayHave(.connection) || mayHave(.proxyConnection) else { return false }
    return lists(.connection, "close") || lists(.proxyConnection, "close")
  }
}

extension ByteView {
  /// Whether `token` is a member of this comma-separated list.
  func listContains(_ token: StaticString) -> Bool {
    let token = ByteView(token)
    guard count >= token.count else { return false }
    var rest = self
    while let comma = rest.firstIndex(of: 0x2c) {
      if rest.prefix(comma).trimmed.equalsIgnoringCase(token) { return true }
      rest = rest.dropFirst(comma + 1)
    }
    return rest.trimmed.equalsIgnoringCase(token)
  }
}
