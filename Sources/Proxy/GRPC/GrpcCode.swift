/// gRPC's status codes, and the HTTP statuses that Envoy takes them for.
enum GrpcCode {
  static let deadlineExceeded = 4
  /// The greatest that is known: UNAUTHENTICATED.
  static let maximum = 16
  /// A status that is none of gRPC's.
  static let invalid = -1

  /// The HTTP status that outlier detection and the counters of hosts see.
  static func httpStatus(_ code: Int) -> UInt16 {
    switch code {
    case 0: 200
    case 1: 499
    case 3, 9, 11: 400
    case 4: 504
    case 5: 404
    case 6, 10: 409
    case 7: 403
    case 8: 429
    case 12: 501
    case 14: 503
    case 16: 401
    default: 500
    }
  }
}
