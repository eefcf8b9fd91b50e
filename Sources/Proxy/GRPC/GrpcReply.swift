import HTTP
import Telemetry

extension LocalReply {
  /// Tells a gRPC client in its own way, without a body: the status of gRPC that the HTTP status stands for, where nobody
  /// has set one, and the body as its message.
  /// - Parameter scratch: is left as it was.
  func writeGrpc(to headers: HeaderMap, scratch: inout TextBuffer) {
    headers.set(.contentType, "application/grpc")
    if headers.value(of: .grpcStatus)?.isEmpty ?? true {
      headers.set(.grpcStatus, decimal: grpcStatus ?? Int(GrpcStatus.status(http: UInt64(status))))
    }
    if !body.isEmpty {
      let start = scratch.count
      scratch.append(grpcMessage: body)
      headers.set(.grpcMessage, scratch.view(from: start))
      scratch.truncate(to: start)
    }
    headers.remove(.contentLength)
  }
}
