import Reactor

/// What the codec itself needs of a request's head; the rest stands in the map.
struct RequestHead {
  let length: Int
  let method: RequestMethod
  let framing: MessageFraming
  let asksToClose: Bool

  /// Reads a head that `bytes` begin with into an empty map. Nil where it is incomplete; the map is then of no use, nor
  /// is it after an error.
  static func read(
    _ bytes: ByteView, into map: HeaderMap, options: HTTP1ServerOptions, names: HeaderNameTable
  ) throws(CodecError) -> RequestHead? {
    guard let line = try RequestLine.read(bytes, allowCustomMethods: options.allowCustomMethods) else { return nil }
    map.addSlice(.method, value: 0..<line.methodLength)
    let isOrigin = bytes[line.target.lowerBound] == 0x2f && line.method != .connect
    var absolute: AbsoluteTarget?
    if isOrigin {
      map.addSlice(.path, value: line.target)
    } else {
      absolute = try readTarget(line, bytes, options, map)
    }
    var fields = FieldLines(.request, maxCount: options.maxHeadersCount)
    fields.authorityPlace = map.keepPlace()
    guard let end = try fields.read(bytes, from: line.end, into: map, names: names) else { return nil }
    map.adopt(bytes.prefix(end))
    fields.finish(map)
    try NominatedFields.check(map)
    if !isOrigin { finishTarget(absolute, fields.authorityPlace, line, map) }
    let announced = try MessageFraming.announced(by: map, allowChunkedLength: options.allowChunkedLength)
    return RequestHead(
      length: end, method: line.method, framing: try framing(of: map, line.method, announced),
      asksToClose: map.asksToClose)
  }

  /// The targets but the origin form (RFC 9112 §3.2).
  private static func readTarget(
    _ line: RequestLine, _ bytes: ByteView, _ options: HTTP1ServerOptions, _ map: HeaderMap
  ) throws(CodecError) -> AbsoluteTarget? {
    let target = bytes[line.target]
    if line.method == .connect {
      guard HostSyntax.isValidAuthority(target, needsPort: true) else { throw .invalidURL }
      map.addSlice(.authority, value: line.target)
      return nil
    }
    if target[0] == 0x2a {
      guard line.method == .options else { throw .invalidURL }
    } else {
      let absolute = try AbsoluteTarget(bytes, target: line.target)
      if options.allowAbsoluteURL {
        map.addSlice(.path, value: absolute.path)
        map.addSlice(.authority, value: absolute.authority)
        return absolute
      }
    }
    map.addSlice(.path, value: line.target)
    return nil
  }

  /// A target's own authority stands for the Host field's, which goes (RFC 9112 §3.2.2).
  private static func finishTarget(
    _ absolute: AbsoluteTarget?, _ hostPlace: Int, _ line: RequestLine, _ map: HeaderMap
  ) {
    if absolute != nil || line.method == .connect { map.remove(at: hostPlace) }
    guard let absolute else { return }
    if absolute.path.isEmpty { map.set(.path, "/") }
    _ = map.fillPlace(hostPlace, .scheme, value: 0..<0)
    map.set(.scheme, absolute.scheme)
  }

  private static func framing(
    of map: HeaderMap, _ method: RequestMethod, _ announced: MessageFraming?
  ) throws(CodecError) -> MessageFraming {
    if method == .connect {
      switch announced {
      case nil: break
      case .length(0): map.remove(.contentLength)
      case .chunked: throw .invalidTransferEncoding
      default: throw .bodyDisallowed
      }
      return .untilClose
    }
    guard map.mayHave(.upgrade), map.lists(.connection, "upgrade") else { return announced ?? .none }
    if map.value(of: .upgrade)?.equalsIgnoringCase(ByteView("h2c")) == true {
      dropUpgrade(from: map)
      return announced ?? .none
    }
    // What follows belongs to the protocol asked for, or to nobody.
    return .untilClose
  }

  /// An offer of HTTP/2 is passed over, as by Envoy (RFC 9113 §3.1 has withdrawn it).
  private static func dropUpgrade(from map: HeaderMap) {
    map.remove(.upgrade)
    map.remove(.http2Settings)
    guard let value = map.value(of: .connection) else { return }
    var kept: [UInt8] = []
    for member in value.buffer.split(separator: 0x2c) {
      let token = ByteView(UnsafeRawBufferPointer(rebasing: member)).trimmed
      let isDropped =
        token.equalsIgnoringCase(ByteView("upgrade")) || token.equalsIgnoringCase(ByteView("http2-settings"))
      if isDropped || token.isEmpty { continue }
      if !kept.isEmpty { kept.append(0x2c) }
      kept.append(contentsOf: token.buffer)
    }
    if kept.isEmpty {
      map.remove(.connection)
    } else {
      kept.withUnsafeBytes { map.set(.connection, ByteView($0)) }
    }
  }
}
