import HTTP
import Reactor
import Telemetry

/// What a connection speaks, and what its codec says of it.
extension ConnectionManager {
  /// As in Envoy, a connection has a protocol once it has sent something.
  func makeCodec(_ first: ByteView) {
    guard let connection else { return }
    isHTTP2 = speaksHTTP2(first)
    if isHTTP2 {
      shard.increment(info.stats[.downstreamCxHttp2Total])
      shard.adjust(info.stats[.downstreamCxHttp2Active], by: 1)
      shard.increment(info.http2Stats[.nghttp2DownstreamConnections])
      codec = HTTP2ServerCodec(
        transport: connection, delegate: self, loop: worker.loop, pool: worker.headerMaps, options: info.http2Options)
    } else {
      shard.increment(info.stats[.downstreamCxHttp1Total])
      shard.adjust(info.stats[.downstreamCxHttp1Active], by: 1)
      codec = HTTP1ServerCodec(
        transport: connection, delegate: self, pool: worker.headerMaps, options: info.codecOptions)
    }
  }

  /// By `codec_type`; where it is AUTO by what TLS agreed on, else by the first bytes (Envoy's determineNextProtocol: they
  /// come at once, or not at all).
  private func speaksHTTP2(_ first: ByteView) -> Bool {
    switch info.codecType {
    case .http1: return false
    case .http2: return true
    case .auto:
      let negotiated = socket?.tls?.alpnProtocol ?? ""
      return negotiated.isEmpty ? first.hasPrefix(ByteView("PRI * HTTP/2")) : negotiated == "h2"
    }
  }

  func dispatch(_ bytes: ByteView, to codec: ServerCodec) -> Int {
    do {
      let consumed = try codec.dispatch(bytes)
      if consumed < bytes.count, !isHTTP2 { pauseBehindRequest() }
      return consumed
    } catch {
      endBroken(error)
      return bytes.count
    }
  }

  /// More than the request has come: it waits, unread, until the response is sent.
  private func pauseBehindRequest() {
    guard let stream = streams.last, stream.requestEnded, !pausedForResponse, connection?.isOpen == true else { return }
    pausedForResponse = true
    connection?.readDisable(true)
  }

  func endBroken(_ error: CodecError) {
    if !error.isFlood { shard.increment(info.stats[.downstreamCxProtocolError]) }
    breakOff()
    if isHTTP2 {
      // The codec has sent GOAWAY.
      let detail: StaticString = error.isFlood ? error.detail : "codec_error:The_user_callback_function_failed"
      endStreams(detail: detail, flag: .downstreamProtocolError)
      // It may stand for delayed_close_timeout yet, and must not know streams any more that others use by then.
      try? codec?.endOfInput()
      closeAfterLastStream(requestWasRead: false)
    } else if let stream = streams.last, !stream.responseStarted {
      stream.sendLocalReply(
        LocalReply(
          status: UInt16(clamping: error.status), body: ByteView(error.body), detail: .literal(error.detail),
          flag: .downstreamProtocolError))
    } else if let stream = streams.last {
      stream.info.responseFlags.insert(.downstreamProtocolError)
      stream.resetStream(.protocolError)
    } else {
      closeAfterLastStream(requestWasRead: false)
    }
  }
}
