import Reactor

/// The upstream side of HTTP/2 on one connection (RFC 9113): as many streams at a time as
/// ``ClientCodecDelegate/maxConcurrentStreamsChanged(_:)`` last said, and until then as max_concurrent_streams says.
///
/// Each stream ends with one ``ClientCodecDelegate/streamComplete(_:_:)``: behind the response's end, or before
/// ``StreamDecoder/decodeReset(_:)`` where the peer, or the protocol, ended it. After ``connectionClosed(_:)`` the decoders are told, and
/// the delegate, who said so, is not.
package final class HTTP2ClientCodec: ClientCodec {
  /// Sound: the delegate owns the codec, and so lives longer.
  let delegate: Unretained<ClientCodecDelegate>
  private let session: HTTP2Session
  /// The connection takes no new streams.
  var isGoingAway = false
  /// How many streams both sides allow at a time.
  package internal(set) var maxConcurrentStreams: Int

  package init(
    transport: Transport, delegate: ClientCodecDelegate, loop: EventLoop, pool: HeaderMapPool, options: HTTP2Options
  ) {
    self.delegate = Unretained(delegate)
    maxConcurrentStreams = options.maxConcurrentStreams
    session = HTTP2Session(isServer: false, transport: transport, loop: loop, pool: pool, options: options)
    super.init()
    session.owner = .client(Unretained(self))
    session.start()
  }

  deinit { session.owner = .none }

  package override var httpProtocol: HTTPProtocol { .http2 }

  package override func newStream(_ decoder: StreamDecoder) -> Unretained<StreamEncoder> {
    session.pingIfIdle()
    let stream = session.takeStream()
    stream.decoder = Unretained(decoder)
    session.opened(stream)
    return Unretained(stream)
  }

  package override func dispatch(_ bytes: ByteView) throws(CodecError) -> Int {
    try session.receive(bytes)
    return bytes.count
  }

  /// - Parameter isClean: no matter: no message ends with its connection.
  package override func endOfInput(isClean: Bool) throws(CodecError) { session.close(.connectionTermination) }

  package override func connectionClosed(_ reason: StreamReset) { session.close(reason) }

  package override func goAway() {
    isGoingAway = true
    session.submitGoAway()
  }

  package override func aboveWriteBufferHighWatermark() { session.setAboveHighWatermark(true) }

  package override func belowWriteBufferLowWatermark() { session.setAboveHighWatermark(false) }
}
