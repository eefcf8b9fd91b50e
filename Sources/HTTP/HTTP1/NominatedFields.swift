import Reactor

/// What a request's Connection field may name as belonging to this hop only (RFC 9110 §7.6.1). As in Envoy, a request
/// that names what says where it came from is refused: to remove that would hide it.
enum NominatedFields {
  private static let maxCount = 10

  /// - Throws: a pseudo-header field or x-forwarded-for, -host or -proto is named, or more than ten names are given.
  static func check(_ map: HeaderMap) throws(CodecError) {
    guard map.mayHave(.connection), var rest = map.value(of: .connection) else { return }
    var count = 0
    while !rest.isEmpty {
      let end = rest.firstIndex(of: 0x2c) ?? rest.count
      let name = rest.prefix(end).trimmed
      rest = rest.dropFirst(end + 1)
      if name.isEmpty { continue }
      count += 1
      guard count <= maxCount, !isRefused(name) else { throw .connectionHeaderRejected }
    }
  }

  private static func isRefused(_ name: ByteView) -> Bool {
    name[0] == 0x3a || name.equalsIgnoringCase(ByteView("x-forwarded-for"))
      || name.equalsIgnoringCase(ByteView("x-forwarded-host")) || name.equalsIgnoringCase(ByteView("x-forwarded-proto"))
  }
}
