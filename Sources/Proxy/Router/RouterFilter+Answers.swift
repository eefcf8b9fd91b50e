import HTTP
import Reactor
import Telemetry

/// Answers in the upstream's place.
extension RouterFilter {
  func reply(_ status: UInt16, body: StaticString = "", detail: StaticString, flag: ResponseFlag) {
    if let cluster = cluster?.object { count(status, of: cluster) }
    answer(LocalReply(status: status, body: ByteView(body), detail: .literal(detail), flag: flag))
  }

  func answer(_ reply: LocalReply) {
    answered = true
    timeoutTimer.disarm()
    backOffTimer.disarm()
    guard let route = route?.object else { return stream.sendLocalReply(reply) }
    var reply = reply
    let add = reply.addHeaders
    reply.addHeaders = { [self] headers in
      add?(headers)
      route.finalizeResponseHeaders(headers, choice, StreamValues(stream: stream), scratch: &worker.scratch)
      if route.includesAttemptCountInResponse, stream.info.attemptCount > 0 {
        headers.set(.xEnvoyAttemptCount, decimal: stream.info.attemptCount)
      }
    }
    stream.sendLocalReply(reply)
  }

  /// A redirect, or a direct response.
  func answerDirectly(_ route: RouteEntry, _ headers: HeaderMap) -> Bool {
    guard let status = route.directResponseStatus else { return false }
    shard.increment(config.stats[.rqDirectResponse])
    answered = true
    let hasLocation = route.appendLocation(
      headers, suppressEnvoyHeaders: config.suppressEnvoyHeaders, to: &worker.text, scratch: &worker.scratch)
    let location = hasLocation ? worker.headerMaps.take() : nil
    location?.set(.location, worker.text.view)
    worker.text.removeAll()
    defer { if let location { worker.headerMaps.giveBack(location) } }
    stream.sendLocalReply(
      LocalReply(
        status: status, body: route.directResponseBody, detail: .literal("direct_response"),
        addHeaders: { [self] reply in
          if let value = location?.value(of: .location) { reply.add(.location, value) }
          route.finalizeResponseHeaders(reply, nil, StreamValues(stream: stream), scratch: &worker.scratch)
        }))
    return true
  }
}
