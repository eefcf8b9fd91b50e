import HTTP
import Reactor

/// Whether a filter lets the next one see what came, or has answered itself.
enum FilterStatus {
  case continueIteration
  case stopIteration
}

/// One HTTP filter of a stream (Envoy's StreamFilter). It knows its stream and its own configuration, nothing else.
///
/// Requests pass the filters in the order of the file, and end in the router; responses pass them backwards. A filter
/// belongs to a stream that is used again: ``onDestroy()`` leaves it as new.
class HTTPFilter: UpstreamCallbacks {
  unowned let stream: ActiveStream

  init(_ stream: ActiveStream) {
    self.stream = stream
    super.init()
  }

  func decodeRequestHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus { .continueIteration }

  func decodeRequestData(_ data: ByteView, endStream: Bool) -> FilterStatus { .continueIteration }

  func decodeRequestTrailers(_ trailers: HeaderMap) -> FilterStatus { .continueIteration }

  func encodeResponseHeaders(_ headers: HeaderMap, endStream: Bool) {}

  /// The downstream connection holds more than its buffer limit, or no longer does.
  func onAboveWriteBufferHighWatermark() {}

  func onBelowWriteBufferLowWatermark() {}

  /// The stream is over, whatever its end: let go of everything.
  func onDestroy() {}
}
