import Reactor

/// The upstream side of a protocol on one connection.
open class ClientCodec {
  public init() {}

  /// Opens a stream: the response goes to `decoder`, the request to the encoder returned.
  open func newStream(_ decoder: StreamDecoder) -> StreamEncoder { StreamEncoder() }

  /// As ``ServerCodec/dispatch(_:)``.
  open func dispatch(_ bytes: ByteView) throws(CodecError) -> Int { 0 }

  /// The peer has shut its sending side: ends a body that lasts until the close (RFC 9112 §6.3), resets any other stream.
  open func endOfInput() throws(CodecError) {}

  /// The connection is gone: open streams are reset for `reason`.
  open func connectionClosed(_ reason: StreamReset) {}

  open func aboveWriteBufferHighWatermark() {}

  open func belowWriteBufferLowWatermark() {}
}

/// What a ``ClientCodec`` tells the pool's client that owns it.
open class ClientCodecDelegate: ConnectionDelegate {
  /// Stop, or go on, reading from the connection.
  open func codecReadDisable(_ disable: Bool) {}

  /// Request and response of a stream are complete, or it was reset from our side. `reusable` is false where the
  /// connection cannot carry another (Connection: close, unfinished request, reset on HTTP/1.1).
  open func streamComplete(reusable: Bool) {}
}
