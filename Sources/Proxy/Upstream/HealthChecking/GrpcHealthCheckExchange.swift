import EnvoyConfig
import HTTP
import Reactor

/// `grpc.health.v1.Health/Check`: the service must be SERVING.
final class GrpcHealthCheckExchange: HealthCheckExchange {
  /// A response is a few bytes.
  private static let maxBody = 64 * 1024

  private let config: GrpcHealthCheck
  private var body: [UInt8] = []

  init(_ config: GrpcHealthCheck, _ session: StreamHealthCheckSession) {
    self.config = config
    super.init(session)
  }

  override func send(to encoder: StreamEncoder) {
    let headers = makeHead(method: "POST", path: "/grpc.health.v1.Health/Check", authority: config.authority)
    headers.add(.te, "trailers")
    headers.add(.contentType, "application/grpc")
    headers.add(.userAgent, "Envoy/HC")
    mutate(headers)
    GrpcTimeout.write(milliseconds: session.checker.info.timeoutNanoseconds / 1_000_000, to: headers)
    encoder.encodeHeaders(headers, endStream: false)
    GrpcHealthMessage.request(service: config.serviceName).withUnsafeBytes {
      encoder.encodeData(ByteView($0), endStream: true)
    }
    pool.giveBack(headers)
  }

  override func decodeHeaders(_ headers: HeaderMap, endStream: Bool) {
    defer { pool.giveBack(headers) }
    // A status in the head: there is no message, and so no service that serves.
    guard !endStream, headers.isGrpcResponse(endStream: false) else {
      return finish(.active, resets: !endStream)
    }
  }

  override func decodeData(_ data: ByteView, endStream: Bool) {
    body += data.prefix(max(0, Self.maxBody - body.count)).buffer
    // Without trailers there is no status.
    let isBroken = GrpcHealthMessage.response(body) == .broken || body.count == Self.maxBody
    if endStream || isBroken { finish(.active, resets: !endStream) }
  }

  override func decodeTrailers(_ trailers: HeaderMap) {
    let isOK = trailers.value(of: .grpcStatus).map { $0 == "0" } ?? false
    pool.giveBack(trailers)
    finish(isOK && GrpcHealthMessage.response(body) == .complete(isServing: true) ? nil : .active)
  }
}
