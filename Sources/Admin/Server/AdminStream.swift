import HTTP
import Reactor

/// One admin request: gathers it, and answers once it is whole.
final class AdminStream: StreamDecoder {
  /// Bytes of a body; the interface needs only a few.
  private static let bodyLimit = 64 * 1024

  private unowned let server: AdminServer
  private let encoder: StreamEncoder
  private var headers: HeaderMap?
  private var body: [UInt8] = []
  private var isAnswered = false
  private(set) var requestEnded = false

  init(_ server: AdminServer, _ encoder: StreamEncoder) {
    self.server = server
    self.encoder = encoder
    super.init()
  }

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    self.headers = headers
    if endStream { answer() }
  }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    guard body.count + data.count <= Self.bodyLimit else {
      return reply(AdminResponse("Payload Too Large", status: 413))
    }
    body.append(contentsOf: data.buffer)
    if endStream { answer() }
  }

  override func decodeTrailers(_ trailers: HeaderMap) {
    server.headerMaps.giveBack(trailers)
    answer()
  }

  private func answer() {
    requestEnded = true
    guard let headers else { return }
    let request = AdminRequest(
      method: headers.value(of: .method)?.string ?? "", target: headers.value(of: .path)?.string ?? "/",
      contentType: headers.value(of: .contentType)?.string, body: body)
    reply(server.handler.respond(to: request))
  }

  /// What the client sent is no request: answered in the way of a connection manager.
  func refuse(_ error: CodecError) {
    if isAnswered { return }
    isAnswered = true
    let reply = server.headerMaps.take()
    defer { server.headerMaps.giveBack(reply) }
    reply.add(.status, decimal: error.status)
    reply.add(.contentLength, decimal: error.body.utf8CodeUnitCount)
    reply.add(.contentType, "text/plain")
    finish(reply, ByteView(error.body))
  }

  func reply(_ response: AdminResponse) {
    if isAnswered { return }
    isAnswered = true
    let reply = server.headerMaps.take()
    defer { server.headerMaps.giveBack(reply) }
    reply.add(.status, decimal: response.status)
    for header in response.headers {
      withBytes(header.name) { name in withBytes(header.value) { reply.add(named: name, $0) } }
    }
    withBytes(response.body) { finish(reply, $0) }
  }

  private func finish(_ reply: HeaderMap, _ body: ByteView) {
    var date = HTTPDate()
    reply.add(.date, date.view(wallNanoseconds: server.loop.wallNow))
    reply.add(.server, "envoy")
    if !requestEnded { reply.add(.connection, "close") }
    let isHead = headers?.value(of: .method).map { $0 == "HEAD" } ?? false
    encoder.encodeHeaders(reply, endStream: isHead)
    if !isHead { encoder.encodeData(body, endStream: true) }
    if let headers { server.headerMaps.giveBack(headers) }
    headers = nil
  }
}
