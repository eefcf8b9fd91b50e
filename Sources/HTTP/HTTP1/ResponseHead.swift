import Reactor

/// What the codec itself needs of a response's head; the rest stands in the map.
struct ResponseHead {
  let length: Int
  let code: Int
  let framing: MessageFraming
  let keepsAlive: Bool

  /// An interim response (RFC 9110 §15.2). 101 ends the exchange, and so is none here.
  var isInformational: Bool { code < 200 && code != 101 }

  /// As ``RequestHead/read(_:into:options:names:)``. `method` and `isUpgrade` are the request's.
  static func read(
    _ bytes: ByteView, into map: HeaderMap, method: RequestMethod, isUpgrade: Bool, options: HTTP1ClientOptions,
    names: HeaderNameTable
  ) throws(CodecError) -> ResponseHead? {
    guard let line = try StatusLine.read(bytes) else { return nil }
    map.addSlice(.status, value: line.digits)
    var fields = FieldLines(.response, maxCount: options.maxHeadersCount)
    guard let end = try fields.read(bytes, from: line.end, into: map, names: names) else { return nil }
    map.adopt(bytes.prefix(end))
    fields.finish(map)
    let announced = try MessageFraming.announced(by: map, allowChunkedLength: options.allowChunkedLength)
    let keepsAlive = line.keepsAlive || map.lists(.connection, "keep-alive")
    return ResponseHead(
      length: end, code: line.code, framing: try framing(line.code, method, isUpgrade, announced),
      keepsAlive: keepsAlive && !map.asksToClose)
  }

  /// RFC 9112 §6.3. A response that never has content and announces some is refused, as by Envoy.
  private static func framing(
    _ code: Int, _ method: RequestMethod, _ isUpgrade: Bool, _ announced: MessageFraming?
  ) throws(CodecError) -> MessageFraming {
    if code == 101, isUpgrade { return .untilClose }
    if code < 200 || code == 204 {
      guard announced == nil || announced == .length(0) else { throw .bodyDisallowed }
      return .none
    }
    if code == 304 || method == .head { return .none }
    if method == .connect, code < 300 { return .untilClose }
    return announced ?? .untilClose
  }
}
