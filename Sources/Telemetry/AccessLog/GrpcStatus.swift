import Reactor

/// The names of gRPC's status codes, 0 to 16.
package enum GrpcStatus {
  static let camel: [StaticString] = [
    "OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied",
    "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable",
    "DataLoss", "Unauthenticated",
  ]
  static let snake: [StaticString] = [
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
  ]

  /// What a response without grpc-status means, by its HTTP status (gRPC's http-grpc-status-mapping).
  package static func status(http code: UInt64) -> UInt64 {
    switch code {
    case 400: 13
    case 401: 16
    case 403: 7
    case 404: 12
    case 429, 502, 503, 504: 14
    default: 2
    }
  }
}

extension GrpcStatusFormat {
  func append(_ values: some SubstitutionValues, to output: inout TextBuffer) -> Bool {
    guard let status = status(values) else { return false }
    let names = style == .camel ? GrpcStatus.camel : GrpcStatus.snake
    if style == .number || status >= UInt64(names.count) {
      output.append(decimal: status)
    } else {
      output.append(names[Int(status)])
    }
    return true
  }

  /// From the trailers, else the headers, else by the HTTP status; nil unless the request is gRPC.
  func status(_ values: some SubstitutionValues) -> UInt64? {
    guard let type = values.header(contentType, in: .request), Self.isGrpc(type) else { return nil }
    let sent = values.header(grpcStatus, in: .responseTrailer) ?? values.header(grpcStatus, in: .response)
    if let sent { return sent.decimal.map { UInt64($0) } }
    return values.number(.responseCode).map { GrpcStatus.status(http: $0) }
  }

  private static func isGrpc(_ type: ByteView) -> Bool {
    let grpc = ByteView("application/grpc")
    return type.hasPrefix(grpc) && (type.count == grpc.count || type[grpc.count] == 0x2b)
  }
}
