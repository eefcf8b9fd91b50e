/// How HTTP/2 connections fail: never with a reply, the status is 0. What the peer is told is a GOAWAY frame, which waits in the
/// transport; details as Envoy 1.40.0 writes them.
extension CodecError {
  /// The peer broke RFC 9113 in its frames.
  static var http2Protocol: CodecError { connection("http2.unknown.nghttp2.error") }
  /// A field breaks the rules of RFC 9113 §8.
  static var http2InvalidField: CodecError { connection("http2.invalid.header.field") }
  /// A message breaks them as a whole.
  static var http2Messaging: CodecError { connection("http2.violation.of.messaging.rule") }
  static var inboundEmptyFramesFlood: CodecError { connection("http2.inbound_empty_frames_flood") }
  static var inboundPriorityFramesFlood: CodecError { connection("codec_error:Too_many_PRIORITY_frames") }
  static var inboundWindowUpdateFramesFlood: CodecError { connection("codec_error:Too_many_WINDOW_UPDATE_frames") }
  static var outboundFlood: CodecError { connection("codec_error:Too_many_frames_in_the_outbound_queue.") }
  static var outboundControlFlood: CodecError { connection("codec_error:The_user_callback_function_failed") }

  /// Whether the peer floods us (Envoy's BufferFloodError): it is not worth waiting until it has read what we owe it.
  package var isFlood: Bool {
    self == .inboundEmptyFramesFlood || self == .inboundPriorityFramesFlood || self == .inboundWindowUpdateFramesFlood
      || self == .outboundFlood || self == .outboundControlFlood
  }

  private static func connection(_ detail: StaticString) -> CodecError {
    CodecError(status: 0, body: "", detail: detail)
  }
}
