import HTTP
import Reactor
import Telemetry

/// `envoy.filters.http.grpc_web`: lets browsers call gRPC. Their requests become gRPC ones, in text or not; the response's
/// trailers become the last message of its body, and what is no gRPC becomes a message of its own kind.
final class GrpcWebFilter: HTTPFilter {
  /// What of a body that is no gRPC becomes the `grpc-message`, as in Envoy.
  private static let mostMessageBytes = 16_384
  private static let trailersFlag: UInt8 = 0x80

  private var isWeb = false
  private var isTextRequest = false
  private var isTextResponse = false
  /// The response is no gRPC: its head waits until its body is a `grpc-message`.
  private var turnsBodyIntoMessage = false
  private var counters: GrpcMethodCounters?
  private var decoder = Base64Decoder()
  private var encoder = Base64Encoder()
  private var frames = GrpcFrames()
  /// What goes on in place of what came.
  private var request: ByteQueue
  private var response: ByteQueue

  override init(_ stream: ActiveStream) {
    request = ByteQueue(pool: stream.loop.pool)
    response = ByteQueue(pool: stream.loop.pool)
    super.init(stream)
  }

  // MARK: The request

  override func decodeRequestHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus {
    guard let type = headers.value(of: .contentType), let kind = GrpcWebKind(type) else { return .continueIteration }
    isWeb = true
    isTextRequest = kind == .text
    isTextResponse = headers.value(of: .accept).flatMap { GrpcWebKind($0) } == .text
    if let method = GrpcMethod(headers) { counters = stream.routeCluster(headers)?.grpcWeb.counters(method) }
    headers.remove(.contentLength)
    headers.set(.contentType, "application/grpc")
    headers.set(.te, "trailers")
    let encodings = ByteView("grpc-accept-encoding")
    if headers.value(named: encodings) == nil { headers.add(named: encodings, ByteView("identity")) }
    return .continueIteration
  }

  override func decodeRequestData(_ data: inout ByteView, endStream: Bool) -> FilterStatus {
    guard isTextRequest, !data.isEmpty || endStream else { return .continueIteration }
    if endStream, (decoder.pending + data.count) % 4 != 0 { return refuse("grpc_base_64_decode_failed_bad_size") }
    request.removeAll()
    guard decoder.append(data, to: &request) else { return refuse("grpc_base_64_decode_failed") }
    data = request.view
    return data.isEmpty && !endStream ? .stopIteration : .continueIteration
  }

  private func refuse(_ detail: StaticString) -> FilterStatus {
    stream.sendLocalReply(
      LocalReply(
        status: 400, body: ByteView("Bad gRPC-web request, invalid base64 data."), detail: .literal(detail),
        closesConnection: true))
    return .stopIteration
  }

  // MARK: The response

  override func encodeResponseHeaders(_ headers: HeaderMap, endStream: Bool) -> FilterStatus {
    guard isWeb else { return .continueIteration }
    counters?.count(status: headers.value(of: .grpcStatus), on: shard)
    turnsBodyIntoMessage = !endStream && !isGrpc(headers)
    // Of what came; the codec says what goes.
    headers.remove(.contentLength)
    headers.set(
      .contentType, isTextResponse ? "application/grpc-web-text+proto" : "application/grpc-web+proto")
    response.removeAll()
    return turnsBodyIntoMessage ? .stopIteration : .continueIteration
  }

  /// Whether a response with a body is gRPC, or gRPC-Web already.
  private func isGrpc(_ headers: HeaderMap) -> Bool {
    guard let status = headers.value(of: .status), status == "200" else { return false }
    return headers.hasGrpcContentType || headers.value(of: .contentType).flatMap { GrpcWebKind($0) } != nil
  }

  override func encodeResponseData(_ data: inout ByteView, endStream: Bool) {
    if turnsBodyIntoMessage {
      response.append(data.prefix(Self.mostMessageBytes - response.count))
      data = .empty
      if endStream { sendMessage() }
    } else if isTextResponse {
      response.removeAll()
      encode(data)
      if endStream { encoder.finish(&response) }
      data = response.view
    }
  }

  /// Each message is a text of its own.
  private func encode(_ data: ByteView) {
    var rest = data
    while !rest.isEmpty {
      let taken = frames.take(rest)
      encoder.append(rest.prefix(taken), to: &response)
      if frames.isBetweenMessages { encoder.finish(&response) }
      rest = rest.dropFirst(taken)
    }
  }

  private func sendMessage() {
    turnsBodyIntoMessage = false
    guard let headers = stream.responseHeaders else { return }
    let worker = stream.worker
    worker.scratch.append(grpcMessage: response.view)
    headers.set(.grpcMessage, worker.scratch.view)
    worker.scratch.removeAll()
    response.removeAll()
    headers.set(.grpcStatus, decimal: Int(GrpcStatus.status(http: UInt64(stream.info.responseCode))))
    headers.set(.contentLength, "0")
    stream.continueEncoding()
  }

  override func encodeResponseTrailers(_ trailers: HeaderMap) -> ByteView? {
    guard isWeb else { return nil }
    counters?.count(status: trailers.value(of: .grpcStatus), on: shard)
    if turnsBodyIntoMessage {
      sendMessage()
      return .empty
    }
    response.removeAll()
    if !isTextResponse {
      write(trailers, to: &response)
      return response.view
    }
    var plain = ByteQueue(pool: stream.loop.pool)
    write(trailers, to: &plain)
    encoder.finish(&response)
    encoder.append(plain.view, to: &response)
    encoder.finish(&response)
    return response.view
  }

  /// One more message, marked as the trailers: a line for each.
  private func write(_ trailers: HeaderMap, to output: inout ByteQueue) {
    var length: UInt32 = 0
    for index in 0..<trailers.endIndex where trailers.isLive(at: index) {
      length += UInt32(trailers.nameText(at: index).count + trailers.value(at: index).count + 3)
    }
    output.append(byte: Self.trailersFlag)
    for shift in [24, 16, 8, 0] { output.append(byte: UInt8(truncatingIfNeeded: length >> UInt32(shift))) }
    for index in 0..<trailers.endIndex where trailers.isLive(at: index) {
      output.append(trailers.nameText(at: index))
      output.append(":")
      output.append(trailers.value(at: index))
      output.append("\r\n")
    }
  }

  // MARK: The end

  override func onDestroy() {
    isWeb = false
    isTextRequest = false
    isTextResponse = false
    turnsBodyIntoMessage = false
    counters = nil
    decoder = Base64Decoder()
    encoder = Base64Encoder()
    frames = GrpcFrames()
    request.removeAll()
    response.removeAll()
  }
}

/// A content type of gRPC-Web.
enum GrpcWebKind {
  case binary
  case text

  init?(_ type: ByteView) {
    switch true {
    case type == "application/grpc-web", type == "application/grpc-web+proto": self = .binary
    case type == "application/grpc-web-text", type == "application/grpc-web-text+proto": self = .text
    default: return nil
    }
  }
}
