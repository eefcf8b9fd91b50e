import CNghttp2
import Reactor

/// How streams and the connection end, and what the delegate is told of that and of what is to be counted.
extension HTTP2Session {
  /// The connection is over: whoever still waits for something hears of it.
  func close(_ reason: StreamReset) {
    if isClosed { return }
    isClosed = true
    endFields()
    held = nil
    pingTimer.disarm()
    pingTimeoutTimer.disarm()
    flushTimer.disarm()
    let streams = open
    // The call that ends the connection may come from one of them.
    resting += streams
    open = []
    if !streams.isEmpty { count(.streamsActive, -streams.count) }
    for stream in streams {
      let decoder = stream.decoder
      stream.clear()
      decoder?.use { $0.decodeReset(reason) }
    }
  }

  func count(_ stat: CodecStat, _ amount: Int) {
    switch owner {
    case .server(let codec): codec.use { $0.delegate.use { $0.codecCounts(stat, amount) } }
    case .client(let codec): codec.use { $0.delegate.use { $0.codecCounts(stat, amount) } }
    case .none: break
    }
  }

  /// A stream is over, whole or reset by us.
  func tellComplete(_ decoder: Unretained<StreamDecoder>, wasReset: Bool = false) {
    switch owner {
    case .server(let codec):
      codec.use { $0.delegate.use { delegate in decoder.use { delegate.streamComplete($0, reusable: true) } } }
    case .client(let codec):
      codec.use { codec in
        codec.delegate.use { delegate in
          let end = wasReset ? ClientStreamEnd.unfinished : codec.isGoingAway ? .closes : .reusable
          decoder.use { delegate.streamComplete($0, end) }
        }
      }
    case .none: break
    }
  }

  /// Ends a stream whose message did not come to its end.
  func close(_ stream: HTTP2Stream, _ reason: StreamReset) {
    let decoder = stream.decoder
    ended(stream)
    guard let decoder, !hasEnded else { return }
    if !isServer { tellComplete(decoder, wasReset: true) }
    decoder.use { $0.decodeReset(reason) }
  }

  /// Gives a stream up, and tells it so.
  func abort(_ stream: HTTP2Stream) {
    guard let decoder = stream.decoder else { return }
    stream.decoder = nil
    submitReset(stream, NGHTTP2_INTERNAL_ERROR)
    flush()
    if !isServer { tellComplete(decoder, wasReset: true) }
    decoder.use { $0.decodeReset(.localReset) }
  }

  /// Something went wrong while nothing was received: no call is under way that could throw it.
  func tellFailure(_ error: CodecError) {
    switch owner {
    case .server(let codec): codec.use { $0.delegate.use { $0.codecFailed(error) } }
    case .client(let codec): codec.use { $0.delegate.use { $0.codecFailed(error) } }
    case .none: break
    }
  }
}
