import Reactor

/// The upstream side of a protocol on one connection.
open class ClientCodec {
  public init() {}

  /// Opens a stream: the response goes to `decoder`, the request to the encoder returned, which the codec keeps.
  open func newStream(_ decoder: StreamDecoder) -> Unretained<StreamEncoder> {
    // Out of reach: a pool's client makes the codec of a protocol, never this class itself.
    preconditionFailure("each protocol's codec opens its own")
  }

  /// As ``ServerCodec/dispatch(_:)``.
  open func dispatch(_ bytes: ByteView) throws(CodecError) -> Int { 0 }

  /// The peer sends no more: ends a body that lasts until the close (RFC 9112 §6.3), resets any other stream.
  /// - Parameter isClean: false where the connection failed: then that body, too, was cut off.
  open func endOfInput(isClean: Bool) throws(CodecError) {}

  /// The connection is gone: open streams are reset for `reason`.
  open func connectionClosed(_ reason: StreamReset) {}

  /// What the connection speaks.
  open var httpProtocol: HTTPProtocol { .http11 }

  /// The connection is about to be closed from our side (GOAWAY; nothing in HTTP/1.1).
  open func goAway() {}

  open func aboveWriteBufferHighWatermark() {}

  open func belowWriteBufferLowWatermark() {}
}

/// What a ``ClientCodec`` tells the pool's client that owns it.
open class ClientCodecDelegate: ConnectionDelegate {
  /// Stop, or go on, reading from the connection.
  open func codecReadDisable(_ disable: Bool) {}

  /// The response just decoded says that the connection closes behind it; called before its head is passed on.
  open func peerWillClose() {}

  /// The stream of this decoder is over: complete, or reset, from either side.
  open func streamComplete(_ decoder: StreamDecoder, _ end: ClientStreamEnd) {}

  /// The peer takes no new streams (RFC 9113 §6.8). Those it has not looked at are reset for `remoteRefusedStreamReset`.
  open func goAwayReceived() {}

  /// How many streams both sides allow at a time has changed (SETTINGS_MAX_CONCURRENT_STREAMS).
  open func maxConcurrentStreamsChanged(_ limit: Int) {}

  /// As ``ServerCodecDelegate/codecCounts(_:_:)``.
  open func codecCounts(_ stat: CodecStat, _ amount: Int) {}

  /// As ``ServerCodecDelegate/codecFailed(_:)``.
  open func codecFailed(_ error: CodecError) {}

  /// As ``ServerCodecDelegate/keepaliveTimedOut()``.
  open func keepaliveTimedOut() {}
}

/// What the end of a stream means for its connection.
public enum ClientStreamEnd: Equatable {
  /// It can carry another stream.
  case reusable
  /// It carries no other: the peer or the request said so.
  case closes
  /// More came than was asked for: what follows cannot be trusted.
  case unaskedBytes
  /// The request was not sent whole, or the stream was reset: what follows belongs to nobody.
  case unfinished
}
