import CNghttp2
import Reactor

/// The fields of a map as nghttp2 wants them, in memory that is used again for each message. Nothing is copied here: whether
/// nghttp2 does is said by each field's flags.
struct FieldTable: ~Copyable {
  enum Kind { case request, response, trailers }

  /// What RFC 9113 §8.2.2 keeps out of HTTP/2, and `host`, which is said by :authority.
  private let connectionSpecific = HeaderNameSet(
    .connection, .host, .http2Settings, .keepAlive, .proxyConnection, .transferEncoding, .upgrade)

  /// Different in each message: in HPACK's table they would only push out what repeats, and nghttp2 compares a value with
  /// all that the table has under its name.
  private let unindexed = HeaderNameSet(.grpcTimeout, .traceparent, .xB3SpanID, .xB3TraceID, .xRequestID)

  private static var copyNothing: UInt8 {
    UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
  }
  private static var copyValue: UInt8 { UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue) }
  private static var noIndex: UInt8 { UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue) }
  private static var copyBoth: UInt8 { UInt8(NGHTTP2_NV_FLAG_NONE.rawValue) }

  private(set) var fields: UnsafeMutablePointer<nghttp2_nv>
  private(set) var count = 0
  private var capacity = 64
  private let names = HeaderNameTable.shared

  init() { fields = .allocate(capacity: capacity) }

  deinit { fields.deallocate() }

  /// Takes the fields of a map, pseudo-header fields first.
  /// - Parameter copies: the map may change before nghttp2 has written them. Where false, the table is good for as long as
  ///   the map stands.
  mutating func fill(_ map: HeaderMap, _ kind: Kind, copies: Bool) {
    count = 0
    if capacity < map.endIndex + 1 { grow(to: map.endIndex + 1) }
    switch kind {
    case .request: addRequestHead(map, copies: copies)
    case .response: addPseudo(.status, map, copies: copies)
    case .trailers: break
    }
    for index in 0..<map.endIndex where map.isLive(at: index) { addField(map, at: index, copies: copies) }
  }

  private mutating func addRequestHead(_ map: HeaderMap, copies: Bool) {
    addPseudo(.method, map, copies: copies)
    // A CONNECT request that names no protocol has an authority and nothing else (RFC 9113 §8.5).
    let isTunnel = !map.has(.protocol) && map.value(of: .method).map { $0 == "CONNECT" } ?? false
    if !isTunnel {
      if map.has(.scheme) {
        addPseudo(.scheme, map, copies: copies)
      } else {
        add(.scheme, ByteView("http"), copies: false)
      }
    }
    addPseudo(.authority, map, copies: copies)
    if !isTunnel { addPseudo(.path, map, copies: copies) }
    addPseudo(.protocol, map, copies: copies)
  }

  private mutating func addPseudo(_ name: HeaderName, _ map: HeaderMap, copies: Bool) {
    if let value = map.value(of: name) { add(name, value, copies: copies) }
  }

  private mutating func addField(_ map: HeaderMap, at index: Int, copies: Bool) {
    let name = map.name(at: index)
    let value = map.value(at: index)
    if name == .other {
      push(map.nameText(at: index), value, flags: copies ? Self.copyBoth : Self.copyNothing)
    } else if !name.isPseudo, !connectionSpecific.contains(name),
      name != .te || value.equalsIgnoringCase(ByteView("trailers"))
    {
      add(name, value, copies: copies, indexes: !unindexed.contains(name))
    }
  }

  /// A known name's text stands for ever.
  private mutating func add(_ name: HeaderName, _ value: ByteView, copies: Bool, indexes: Bool = true) {
    let copying = copies ? Self.copyValue : Self.copyNothing
    push(names.text(of: name), value, flags: indexes ? copying : copying | Self.noIndex)
  }

  private mutating func push(_ name: ByteView, _ value: ByteView, flags: UInt8) {
    if count == capacity { grow(to: capacity + 1) }
    (fields + count).initialize(
      to: nghttp2_nv(
        name: UnsafeMutablePointer(mutating: name.start), value: UnsafeMutablePointer(mutating: value.start),
        namelen: name.count, valuelen: value.count, flags: flags))
    count += 1
  }

  private mutating func grow(to needed: Int) {
    var larger = capacity
    while larger < needed + 8 { larger *= 2 }
    let memory = UnsafeMutablePointer<nghttp2_nv>.allocate(capacity: larger)
    memory.moveInitialize(from: fields, count: count)
    fields.deallocate()
    fields = memory
    capacity = larger
  }
}
