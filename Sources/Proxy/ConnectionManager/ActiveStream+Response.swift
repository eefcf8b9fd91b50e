import HTTP
import Reactor
import Telemetry

/// The response, from the router or a reply of our own, on its way to the codec.
extension ActiveStream {
  /// The response's head, which the route may still change by what it says; ``encodeHeaders(endStream:)`` sends it. The
  /// map is the stream's from now on. Returns whether a response is wanted.
  func takeResponse(_ headers: HeaderMap, status: UInt16) -> Bool {
    if isOver || responseHeaders != nil {
      headerMaps.giveBack(headers)
      return false
    }
    responseHeaders = headers
    info.responseCode = status
    return true
  }

  func encodeHeaders(endStream: Bool) {
    guard !isOver, !responseStarted, let headers = responseHeaders.unretained else { return }
    headers.use { encodeHeaders($0, below: chain.count, endStream: endStream) }
  }

  /// The filter that held the response's head back lets it go.
  func continueEncoding() {
    guard !isOver, heldAt >= 0, let headers = responseHeaders else { return }
    let place = heldAt
    heldAt = -1
    encodeHeaders(headers, below: place, endStream: false)
  }

  /// Responses pass the filters backwards.
  private func encodeHeaders(_ headers: HeaderMap, below place: Int, endStream: Bool) {
    var index = place
    while index > 0 {
      index -= 1
      if skips(index) { continue }
      if chain[index].use({ $0.encodeResponseHeaders(headers, endStream: endStream) }) == .stopIteration {
        heldAt = index
        return
      }
    }
    sendHeaders(headers, endStream: endStream)
  }

  func encodeInformational(_ headers: HeaderMap) {
    if !isOver && !responseStarted {
      manager.countResponse(100, self)
      encoder?.use { $0.encodeInformational(headers) }
    }
    headerMaps.giveBack(headers)
  }

  private func sendHeaders(_ headers: HeaderMap, endStream: Bool) {
    responseStarted = true
    lastActivity = loop.now
    info.firstDownstreamByteSent = loop.now
    manager.mutateResponseHeaders(headers, self)
    manager.countResponse(info.responseCode, self)
    if endStream { responseWillEnd() }
    encoder?.use { $0.encodeHeaders(headers, endStream: endStream) }
  }

  func encodeData(_ data: ByteView, endStream: Bool) {
    if isOver || responseEnded { return }
    lastActivity = loop.now
    if config.filtersSeeBodies {
      encodeThroughFilters(data, from: chain.count, endStream: endStream)
    } else {
      sendData(data, endStream: endStream)
    }
  }

  private func encodeThroughFilters(_ data: ByteView, from place: Int, endStream: Bool) {
    var data = data
    var index = place
    while index > 0 {
      index -= 1
      if skips(index) { continue }
      chain[index].use { $0.encodeResponseData(&data, endStream: endStream) }
      if heldAt == index { return }
    }
    if !isOver, endStream || !data.isEmpty { sendData(data, endStream: endStream) }
  }

  private func sendData(_ data: ByteView, endStream: Bool) {
    if !isHead { info.bytesSent += data.count }
    if endStream { responseWillEnd() }
    encoder?.use { $0.encodeData(data, endStream: endStream) }
  }

  /// The map is the stream's from now on.
  func encodeTrailers(_ trailers: HeaderMap) {
    if isOver || responseEnded { return headerMaps.giveBack(trailers) }
    if config.filtersSeeBodies, endsBody(in: trailers) { return headerMaps.giveBack(trailers) }
    responseTrailers = trailers
    responseWillEnd()
    encoder?.use { $0.encodeTrailers(trailers) }
  }

  /// Whether a filter has ended the body in the place of the trailers.
  private func endsBody(in trailers: HeaderMap) -> Bool {
    var index = chain.count
    while index > 0 {
      index -= 1
      if skips(index) { continue }
      if let end = chain[index].use({ $0.encodeResponseTrailers(trailers) }) {
        encodeThroughFilters(end, from: index, endStream: true)
        return true
      }
    }
    return false
  }

  private func responseWillEnd() {
    responseEnded = true
    disarmIdleTimer()
    info.lastDownstreamByteSent = loop.now
  }

  /// Cuts the stream off; HTTP/1.1 ends the connection with it.
  func resetStream(_ reason: StreamReset) {
    if isOver { return }
    // As Envoy: the reset is counted both as given and, by the codec's word, as got.
    shard.increment(config.stats[.downstreamRqTxReset])
    shard.increment(config.stats[.downstreamRqRxReset])
    let encoder = encoder
    let connection = connection
    let endsConnection = !downstream.isHTTP2
    end()
    if endsConnection { connection.use { $0.drainForClose(delayed: true) } }
    encoder?.use { $0.reset(reason) }
    if endsConnection { connection.use { $0.streamWasReset() } }
  }

  // MARK: Replies of our own

  /// A response whose head a filter held back gives way to a reply of ours. Returns whether there was one.
  private func dropHeldResponse() -> Bool {
    guard heldAt >= 0, let headers = responseHeaders else { return false }
    heldAt = -1
    responseHeaders = nil
    headerMaps.giveBack(headers)
    return true
  }

  /// Answers in the upstream's place. As Envoy: past the filters, where they have seen a response already.
  func sendLocalReply(_ reply: LocalReply) {
    if isOver || responseStarted { return }
    let passesFilters = !dropHeldResponse()
    if let flag = reply.flag { info.responseFlags.insert(flag) }
    info.detail = reply.detail
    let headers = headerMaps.take()
    let status = info.isGrpc ? 200 : reply.status
    headers.add(.status, decimal: Int(status))
    guard takeResponse(headers, status: status) else { return }
    reply.addHeaders?(headers)
    let hasBody = !info.isGrpc && !reply.body.isEmpty
    if info.isGrpc {
      reply.writeGrpc(to: headers, scratch: &worker.scratch)
    } else if hasBody {
      headers.set(.contentLength, decimal: reply.body.count)
      if !headers.has(.contentType) { headers.add(.contentType, reply.contentType) }
    }
    let empty = !hasBody || isHead
    if upgrade != nil, info.responseFlags.contains(.upstreamConnectionFailure) { encoder?.use { $0.tunnelFailed() } }
    if reply.closesConnection || !requestEnded { connection.use { if !$0.isHTTP2 { $0.drainForClose(delayed: true) } } }
    if passesFilters {
      encodeHeaders(headers, below: chain.count, endStream: empty)
      if !empty { encodeData(reply.body, endStream: true) }
    } else {
      sendHeaders(headers, endStream: empty)
      if !empty { sendData(reply.body, endStream: true) }
    }
  }
}
