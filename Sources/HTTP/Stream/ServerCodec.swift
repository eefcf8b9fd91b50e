import Reactor

/// The downstream side of a protocol on one connection: bytes in, streams out. Without sockets: bytes come by
/// ``dispatch(_:)``, and go to the ``Transport`` that it was made with.
open class ServerCodec {
  public init() {}

  /// Decodes as much as it can, and returns how many bytes it took; the caller keeps the rest and brings it again with
  /// what follows (or after ``ServerCodecDelegate/codecCanDecode()``). Never called with nothing new.
  /// - Throws: the peer broke the protocol; the connection is to be closed once the reply is sent. Also a head that
  ///   cannot be decoded has begun a stream before (``ServerCodecDelegate/newStream(_:)``): the reply goes there.
  open func dispatch(_ bytes: ByteView) throws(CodecError) -> Int { 0 }

  /// The peer has shut its sending side.
  open func endOfInput() throws(CodecError) {}

  /// What the connection speaks.
  open var httpProtocol: HTTPProtocol { .http11 }

  /// No further requests, please: those under way already are still served (RFC 9113 §6.8: GOAWAY with the highest id).
  /// HTTP/1.1 has no word for it.
  open func shutdownNotice() {}

  /// Requests that come from now on are not served: the next response says Connection: close; GOAWAY with the last id.
  open func goAway() {}

  /// The connection's output rose above, or fell below, its buffer limit.
  open func aboveWriteBufferHighWatermark() {}

  open func belowWriteBufferLowWatermark() {}
}

/// What a ``ServerCodec`` tells the connection manager.
open class ServerCodecDelegate: ConnectionDelegate {
  /// A request begins, with its first byte: who shall receive it? The encoder is where its response goes. Its head may
  /// be long in coming, or turn out to be broken: then the response is sent without ``StreamDecoder/decodeHeaders(_:endStream:)``.
  /// Nothing is sent before this returns.
  open func newStream(_ encoder: StreamEncoder) -> StreamDecoder { StreamDecoder() }

  /// Something happened that is counted; a gauge moves by `amount`.
  open func codecCounts(_ stat: CodecStat, _ amount: Int) {}

  /// The connection broke while nothing was received from it: as what ``ServerCodec/dispatch(_:)`` throws.
  open func codecFailed(_ error: CodecError) {}

  /// A PING of ours was not answered in time (HTTP/2 connection_keepalive): the connection is to be closed.
  open func keepaliveTimedOut() {}

  /// The codec can take bytes again (a pipelined request waited for the response before it).
  open func codecCanDecode() {}

  /// Stop, or go on, reading from the connection.
  open func codecReadDisable(_ disable: Bool) {}

  /// The stream of this decoder is over: its response is sent whole, or it was reset from our side. A request that was
  /// still coming is done with then (HTTP/2 resets it with NO_ERROR, RFC 9113 §8.1). Not told where the peer reset it
  /// (``StreamDecoder/decodeReset(_:)``). `reusable` is false where the connection cannot carry another stream and is to
  /// be closed once all is sent.
  open func streamComplete(_ decoder: StreamDecoder, reusable: Bool) {}
}
