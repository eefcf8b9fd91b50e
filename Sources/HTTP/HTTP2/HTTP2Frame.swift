import CNghttp2

/// Frame types (RFC 9113 §6) as nghttp2's frame headers have them.
enum HTTP2Frame {
  static let data = UInt8(NGHTTP2_DATA.rawValue)
  static let headers = UInt8(NGHTTP2_HEADERS.rawValue)
  static let priority = UInt8(NGHTTP2_PRIORITY.rawValue)
  static let resetStream = UInt8(NGHTTP2_RST_STREAM.rawValue)
  static let settings = UInt8(NGHTTP2_SETTINGS.rawValue)
  static let ping = UInt8(NGHTTP2_PING.rawValue)
  static let goAway = UInt8(NGHTTP2_GOAWAY.rawValue)
  static let windowUpdate = UInt8(NGHTTP2_WINDOW_UPDATE.rawValue)
  static let continuation = UInt8(NGHTTP2_CONTINUATION.rawValue)

  static let endStream = UInt8(NGHTTP2_FLAG_END_STREAM.rawValue)
  static let acknowledges = UInt8(NGHTTP2_FLAG_ACK.rawValue)
  static let padded = UInt8(NGHTTP2_FLAG_PADDED.rawValue)

  /// What max_outbound_control_frames counts.
  static func isControl(_ type: UInt8) -> Bool { type == ping || type == settings || type == resetStream }
}
