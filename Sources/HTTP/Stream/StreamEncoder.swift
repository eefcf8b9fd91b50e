import Reactor

/// Where a message is sent: a response on the downstream side, a request on the upstream side. Made by a codec, one for
/// a stream; the same calls whatever the protocol.
open class StreamEncoder {
  public init() {}

  /// Sends the head. The map stays the caller's.
  open func encodeHeaders(_ headers: HeaderMap, endStream: Bool) {}

  /// Sends an interim response. Downstream side only.
  open func encodeInformational(_ headers: HeaderMap) {}

  open func encodeData(_ data: ByteView, endStream: Bool) {}

  open func encodeTrailers(_ trailers: HeaderMap) {}

  /// Ends the stream at once, both ways. The decoder of the same stream is not told.
  open func reset(_ reason: StreamReset) {}

  /// The tunnel that the stream asks for cannot be: should its response end before its request, the rest is reset for that
  /// (HTTP/2 CONNECT_ERROR). Before the response. Downstream side only.
  open func tunnelFailed() {}

  /// What the codec knows of the stream's early end, for the log (Envoy's response code details): good from the time of
  /// ``StreamDecoder/decodeReset(_:)``, or of a codec's error, to the end of the turn; empty for nothing.
  open var details: StaticString { "" }

  /// Back-pressure: stop (true) or go on (false) reading what this stream's peer sends. Calls nest.
  open func readDisable(_ disable: Bool) {}
}
