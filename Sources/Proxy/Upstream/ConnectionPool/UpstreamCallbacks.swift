import HTTP
import Reactor

/// Who asked a connection pool for a stream, and then receives the response on it.
///
/// Whoever resets the stream, or hears of its reset, tells the client of it (``PoolClient/countReset(_:)``).
class UpstreamCallbacks: StreamDecoder {
  /// The stream is open: send the request.
  func poolReady(_ encoder: StreamEncoder, _ client: PoolClient) {}

  /// There will be no stream. `host` is nil where none was asked: too many requests wait already.
  func poolFailure(_ reason: StreamReset, host: Host?, transportFailure: TransportFailure) {}
}
