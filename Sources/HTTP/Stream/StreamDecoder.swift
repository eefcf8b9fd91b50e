import Reactor

/// Who receives a message as a codec decodes it: a request on the downstream side, a response on the upstream side.
/// The same calls whatever the protocol.
///
/// Order: headers, data (any number), trailers (at most once); `endStream` is true on exactly the last of them, unless
/// trailers end the stream, which do so by being called. After ``decodeReset(_:)`` or the end nothing more comes.
/// The codec does not retain it: its owner keeps it to the end of the turn in which the stream ends.
/// An upgrade is the same in all protocols, as in Envoy: what HTTP/1.1 says of it (`upgrade`, `connection: upgrade`, 101).
/// HTTP/2 codecs translate from and to an extended CONNECT (RFC 8441), see ``HeaderMap/isUpgrade``.
/// Views are borrowed for the time of the call. Header maps are the receiver's from then on (give them back to the pool).
open class StreamDecoder: EventHandler {
  open func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {}

  /// An interim response (1xx, RFC 9110 §15.2). Upstream side only.
  open func decodeInformational(_ headers: HeaderMap) {}

  open func decodeData(_ data: ByteView, endStream: Bool) {}

  open func decodeTrailers(_ trailers: HeaderMap) {}

  /// The stream ended before its time.
  open func decodeReset(_ reason: StreamReset) {}

  /// More than the buffer limit waits to be sent on this stream: stop the source (``StreamEncoder/readDisable(_:)`` of
  /// the other side) until ``belowWriteBufferLowWatermark()``.
  open func aboveWriteBufferHighWatermark() {}

  open func belowWriteBufferLowWatermark() {}
}
