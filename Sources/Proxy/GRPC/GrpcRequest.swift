import HTTP
import Reactor

extension HeaderMap {
  /// Whether a message is gRPC by its content type: `application/grpc`, also with a suffix as `+proto`.
  var hasGrpcContentType: Bool {
    guard let type = value(of: .contentType) else { return false }
    let grpc = ByteView("application/grpc")
    return type.hasPrefix(grpc) && (type.count == grpc.count || type[grpc.count] == UInt8(ascii: "+"))
  }

  /// Whether these are the headers of a gRPC request.
  var isGrpcRequest: Bool { has(.contentType) && has(.path) && hasGrpcContentType }

  /// Whether these are the headers of a gRPC response. As Envoy: of one without body and trailers, by its status alone.
  func isGrpcResponse(endStream: Bool) -> Bool {
    if endStream { return has(.grpcStatus) }
    return hasGrpcContentType && value(of: .status).map { $0 == "200" } ?? false
  }

  /// `grpc-status` as a number; what is none is one that nobody knows. Nil without it.
  var grpcStatusCode: Int? {
    guard let value = value(of: .grpcStatus), !value.isEmpty else { return nil }
    guard let code = value.decimal, code <= GrpcCode.maximum else { return GrpcCode.invalid }
    return code
  }
}
