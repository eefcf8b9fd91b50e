/// The two messages of grpc.health.v1, in the frames that gRPC has for them: a flag byte, the length in four, the message.
package enum GrpcHealthMessage {
  /// HealthCheckResponse.ServingStatus.SERVING.
  private static let serving: UInt64 = 1

  /// HealthCheckRequest: field 1 is the service's name.
  package static func request(service: String) -> [UInt8] {
    let name = Array(service.utf8)
    var message: [UInt8] = []
    if !name.isEmpty {
      message.append(0x0a)
      appendVarint(UInt64(name.count), to: &message)
      message += name
    }
    let length = UInt32(clamping: message.count)
    return [0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + message
  }

  package enum Response: Equatable, Sendable {
    case incomplete
    /// No HealthCheckResponse, or more than one.
    case broken
    case complete(isServing: Bool)
  }

  /// Reads what has come of a body that is to be one HealthCheckResponse.
  package static func response(_ body: [UInt8]) -> Response {
    guard let flag = body.first else { return .incomplete }
    // Nobody said that we can decompress.
    guard flag == 0 else { return .broken }
    guard body.count >= 5 else { return .incomplete }
    let length = body[1..<5].reduce(0) { $0 << 8 | Int($1) }
    if body.count < 5 + length { return .incomplete }
    guard body.count == 5 + length, let status = status(body[5...]) else { return .broken }
    return .complete(isServing: status == serving)
  }

  /// Field 1 of a HealthCheckResponse; others are passed over. Nil for what is no message.
  private static func status(_ message: ArraySlice<UInt8>) -> UInt64? {
    var rest = message
    var status: UInt64 = 0
    while !rest.isEmpty {
      guard let key = takeVarint(&rest) else { return nil }
      switch key & 7 {
      case 0:
        guard let value = takeVarint(&rest) else { return nil }
        if key >> 3 == 1 { status = value }
      case 1:
        guard take(8, &rest) else { return nil }
      case 2:
        guard let count = takeVarint(&rest), take(count, &rest) else { return nil }
      case 5:
        guard take(4, &rest) else { return nil }
      default: return nil
      }
    }
    return status
  }

  private static func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private static func takeVarint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func take(_ count: UInt64, _ bytes: inout ArraySlice<UInt8>) -> Bool {
    guard count <= UInt64(bytes.count) else { return false }
    bytes.removeFirst(Int(count))
    return true
  }
}
