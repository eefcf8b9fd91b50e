import HTTP
import Reactor

/// The upstream side of a CONNECT request that ends here (`connect_config`; Envoy's TcpUpstream): the stream's data is all
/// that the connection carries, either way, and each end of it the end of that half. The head is answered at once, 200.
///
///     idle --newStream, head--> open --both ends--> over: the connection ends by itself
///                                 +-- the upstream's end alone, reset --> over: the connection is closed
final class TCPClientCodec: ClientCodec {
  private let connection: Connection
  /// Sound: the delegate owns the codec, and so lives longer.
  private let delegate: Unretained<ClientCodecDelegate>
  private let pool: HeaderMapPool
  private let encoder = Encoder()
  /// Its owner keeps it, to the end of the turn in which the stream ends.
  private var decoder: Unretained<StreamDecoder>?
  private var requestEnded = false
  private var readDisables = 0
  private var isAboveHighWatermark = false

  init(_ connection: Connection, delegate: ClientCodecDelegate, pool: HeaderMapPool) {
    self.connection = connection
    self.delegate = Unretained(delegate)
    self.pool = pool
    super.init()
    encoder.codec = Unretained(self)
  }

  deinit { encoder.codec = nil }

  override func newStream(_ decoder: StreamDecoder) -> Unretained<StreamEncoder> {
    self.decoder = Unretained(decoder)
    requestEnded = false
    if isAboveHighWatermark { decoder.aboveWriteBufferHighWatermark() }
    return Unretained(encoder)
  }

  override func dispatch(_ bytes: ByteView) throws(CodecError) -> Int {
    decoder?.use { $0.decodeData(bytes, endStream: false) }
    return bytes.count
  }

  override func endOfInput(isClean: Bool) throws(CodecError) {
    guard let decoder else { return }
    if !isClean { return connectionClosed(.connectionTermination) }
    let end: ClientStreamEnd = requestEnded ? .closes : .unfinished
    forget()
    decoder.use { $0.decodeData(.empty, endStream: true) }
    complete(decoder, end)
  }

  override func connectionClosed(_ reason: StreamReset) {
    guard let decoder else { return }
    forget()
    decoder.use { $0.decodeReset(reason) }
  }

  override func aboveWriteBufferHighWatermark() {
    isAboveHighWatermark = true
    decoder?.use { $0.aboveWriteBufferHighWatermark() }
  }

  override func belowWriteBufferLowWatermark() {
    isAboveHighWatermark = false
    decoder?.use { $0.belowWriteBufferLowWatermark() }
  }

  // MARK: The encoder's word

  fileprivate func accept() {
    let headers = pool.take()
    headers.add(.status, "200")
    decoder?.use { $0.decodeHeaders(headers, endStream: false) }
  }

  fileprivate func send(_ data: ByteView, endStream: Bool) {
    guard decoder != nil, !requestEnded else { return }
    if !data.isEmpty { connection.write(data) }
    guard endStream else { return }
    requestEnded = true
    connection.shutdownWrite()
  }

  fileprivate func reset() {
    guard let decoder else { return }
    forget()
    complete(decoder, .unfinished)
  }

  fileprivate func setReadDisabled(_ disabled: Bool) {
    guard decoder != nil else { return }
    let wasPaused = readDisables > 0
    readDisables = max(0, readDisables + (disabled ? 1 : -1))
    if wasPaused != (readDisables > 0) { delegate.use { $0.codecReadDisable(disabled) } }
  }

  private func forget() {
    decoder = nil
    if readDisables > 0 { delegate.use { $0.codecReadDisable(false) } }
    readDisables = 0
  }

  private func complete(_ decoder: Unretained<StreamDecoder>, _ end: ClientStreamEnd) {
    delegate.use { delegate in decoder.use { delegate.streamComplete($0, end) } }
  }

  private final class Encoder: StreamEncoder {
    /// Sound: the codec clears it when it ends.
    var codec: Unretained<TCPClientCodec>?

    override func encodeHeaders(_ headers: HeaderMap, endStream: Bool) {
      codec?.use {
        $0.accept()
        if endStream { $0.send(.empty, endStream: true) }
      }
    }

    override func encodeData(_ data: ByteView, endStream: Bool) { codec?.use { $0.send(data, endStream: endStream) } }

    override func encodeTrailers(_ trailers: HeaderMap) { codec?.use { $0.send(.empty, endStream: true) } }

    override func reset(_ reason: StreamReset) { codec?.use { $0.reset() } }

    override func readDisable(_ disable: Bool) { codec?.use { $0.setReadDisabled(disable) } }
  }
}
