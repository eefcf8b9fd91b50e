import HTTP
import Reactor
import Telemetry

/// Whether a filter lets the next one see what came.
enum FilterStatus {
  case continueIteration
  /// It has answered itself, or it waits for something: then ``ActiveStream/continueDecoding()`` goes on behind it, and
  /// what comes of the body meanwhile is held back (Envoy's StopAllIterationAndWatermark for the filters that follow).
  case stopIteration
}

/// One HTTP filter of a stream (Envoy's StreamFilter). It knows its stream and its own configuration, nothing else.
///
/// Requests pass the filters in the order of the file, and end in the router; responses pass them backwards. A filter
/// belongs to a stream that is used again: ``onDestroy()`` leaves it as new.
class HTTPFilter: EventHandler {
  /// Strong both ways, since a weaker reference costs more at each use: ``ActiveStream/dismantle()`` breaks the circle.
  let stream: ActiveStream
  let shard: StatsShard

  init(_ stream: ActiveStream) {
    self.stream = stream
    shard = stream.worker.shard
    super.init()
  }

  func decodeRequestHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus { .continueIteration }

  /// A filter that changes the body puts its own bytes in the place of what came, valid until it is called again.
  func decodeRequestData(_ data: inout ByteView, endStream: Bool) -> FilterStatus { .continueIteration }

  func decodeRequestTrailers(_ trailers: HeaderMap) -> FilterStatus { .continueIteration }

  /// A filter that holds the response's head back gets all of its body alone, until ``ActiveStream/continueEncoding()``.
  /// A reply of ours in the response's place passes no filter.
  func encodeResponseHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus { .continueIteration }

  /// As with ``decodeRequestData(_:endStream:)``. Only filters are asked that say so (``HTTPFilterInfo/seesResponseBody``).
  func encodeResponseData(_ data: inout ByteView, endStream: Bool) {}

  /// Nil lets the trailers go on; anything else ends the response's body in their place, valid until the filter is called
  /// again. Likewise.
  func encodeResponseTrailers(_ trailers: HeaderMap) -> ByteView? { nil }

  /// The downstream connection holds more than its buffer limit, or no longer does.
  func onAboveWriteBufferHighWatermark() {}

  func onBelowWriteBufferLowWatermark() {}

  /// The stream is over, whatever its end: let go of everything.
  func onDestroy() {}

  /// The object will not be used again: let go of what points back.
  func dismantle() {}
}
