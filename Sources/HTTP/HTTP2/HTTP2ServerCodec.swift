import Reactor

/// The downstream side of HTTP/2 on one connection (RFC 9113): frames by nghttp2, streams by ``HTTP2Stream``.
///
/// It takes all bytes that it is given. Where it throws, a GOAWAY frame that says why waits in the transport, unless the
/// peer floods us (``CodecError/isFlood``); the streams hear no more, and are the delegate's to end. Once the connection is
/// over ``endOfInput()`` resets what is still open.
package final class HTTP2ServerCodec: ServerCodec {
  /// Sound: the delegate owns the codec, and so lives longer.
  let delegate: Unretained<ServerCodecDelegate>
  private let session: HTTP2Session

  package init(
    transport: Transport, delegate: ServerCodecDelegate, loop: EventLoop, pool: HeaderMapPool, options: HTTP2Options
  ) {
    self.delegate = Unretained(delegate)
    session = HTTP2Session(isServer: true, transport: transport, loop: loop, pool: pool, options: options)
    super.init()
    session.owner = .server(Unretained(self))
    session.start()
  }

  deinit { session.owner = .none }

  package override var httpProtocol: HTTPProtocol { .http2 }

  package override func dispatch(_ bytes: ByteView) throws(CodecError) -> Int {
    try session.receive(bytes)
    return bytes.count
  }

  package override func endOfInput() throws(CodecError) { session.close(.connectionTermination) }

  package override func shutdownNotice() { session.submitShutdownNotice() }

  package override func goAway() { session.submitGoAway() }

  package override func aboveWriteBufferHighWatermark() { session.setAboveHighWatermark(true) }

  package override func belowWriteBufferLowWatermark() { session.setAboveHighWatermark(false) }
}
