/// What a codec wants counted, under Envoy's names (`http1.` and `http2.`). A codec has no counters: its delegate has.
public enum CodecStat: Equatable, Sendable {
  /// headers_with_underscores_action: fields left out, requests refused.
  case droppedHeadersWithUnderscores, requestsRejectedWithUnderscoresInHeaders
  /// RST_STREAM frames that came, and that we sent.
  case rxReset, txReset
  /// Messages that break the rules of RFC 9113 §8.
  case rxMessagingError
  /// Heads of too many fields, and of too many bytes.
  case headerOverflow, headerListSizeTooLarge
  /// Trailers that came.
  case trailers
  /// Header fields of a stream that is gone.
  case headersCbNoStream
  /// Floods: the connection is closed for them.
  case inboundEmptyFramesFlood, inboundPriorityFramesFlood, inboundWindowUpdateFramesFlood
  case outboundFlood, outboundControlFlood
  /// PINGs of ours that nobody answered in time.
  case keepaliveTimeout
  /// Streams refused, by either side, since there were too many.
  case streamRefusedErrors
  /// Streams whose last bytes found no room in the peer's window for too long.
  case txFlushTimeout
  /// GOAWAY frames sent.
  case goawaySent
  /// A gauge: open streams.
  case streamsActive
}
