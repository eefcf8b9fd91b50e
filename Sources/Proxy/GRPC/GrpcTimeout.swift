import EnvoyConfig
import HTTP
import Reactor

/// The `grpc-timeout` header: a number of at most eight digits, and its unit.
enum GrpcTimeout {
  private static let greatestValue: Int64 = 99_999_999

  /// In milliseconds: parts of one count as one. Nil without the header, or where it says no time.
  static func read(_ headers: HeaderMap) -> Int64? {
    guard let text = headers.value(of: .grpcTimeout), !text.isEmpty,
      let value = signedDecimal(text.prefix(text.count - 1)), value >= 0, value <= greatestValue
    else { return nil }
    switch text[text.count - 1] {
    case UInt8(ascii: "H"): return value * 3_600_000
    case UInt8(ascii: "M"): return value * 60_000
    case UInt8(ascii: "S"): return value * 1000
    case UInt8(ascii: "m"): return value
    case UInt8(ascii: "u"): return (value + 999) / 1000
    case UInt8(ascii: "n"): return (value + 999_999) / 1_000_000
    default: return nil
    }
  }

  /// For a timer: the longest that it knows where the time is longer.
  static func nanoseconds(milliseconds: Int64) -> Int64 {
    let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
    return overflow ? .max : product
  }

  /// Tells the upstream how long it has, in the smallest unit that can say so.
  static func write(milliseconds: Int64, to headers: HeaderMap) {
    var value = max(0, milliseconds)
    var unit: StaticString = "m"
    for (larger, factor) in [("S" as StaticString, 1000), ("M", 60), ("H", 60)] where value > greatestValue {
      value /= Int64(factor)
      unit = larger
    }
    headers.set(.grpcTimeout, decimal: Int(min(value, greatestValue)))
    headers.append(.grpcTimeout, ByteView(unit), separator: "")
  }
}

/// What a route makes of a request's `grpc-timeout`.
struct GrpcTimeoutRules: Sendable, BitwiseCopyable {
  // In milliseconds. Of the deprecated fields: for the exchange with the upstream.
  private let maxGrpcTimeout: Int64?
  private let grpcTimeoutOffset: Int64
  // Of `max_stream_duration`: for the whole stream.
  private let headerMax: Int64?
  private let headerOffset: Int64

  init(_ route: EnvoyConfig.RouteAction) {
    maxGrpcTimeout = route.maxGrpcTimeout.map(Self.milliseconds)
    grpcTimeoutOffset = route.grpcTimeoutOffset.map(Self.milliseconds) ?? 0
    headerMax = route.maxStreamDuration?.grpcTimeoutHeaderMax.map(Self.milliseconds)
    headerOffset = route.maxStreamDuration?.grpcTimeoutHeaderOffset.map(Self.milliseconds) ?? 0
  }

  private static func milliseconds(_ duration: Duration) -> Int64 { duration.nanoseconds / 1_000_000 }

  /// Whether the header takes the place of the route's timeout, and tells the upstream what is left.
  var hasGlobal: Bool { maxGrpcTimeout != nil }

  /// How long the upstream has, in milliseconds, from the header and its bound; 0: without limit. Nil where the route's timeout counts.
  func global(_ headers: HeaderMap) -> Int64? {
    guard let bound = maxGrpcTimeout else { return nil }
    var timeout = GrpcTimeout.read(headers) ?? 0
    if grpcTimeoutOffset < timeout { timeout -= grpcTimeoutOffset }
    if bound != 0, timeout == 0 || timeout > bound { timeout = bound }
    return timeout
  }

  /// How many milliseconds the stream may last, by its header; 0: no time at all. Nil where the header does not count.
  func duration(_ headers: HeaderMap) -> Int64? {
    guard let bound = headerMax, let timeout = GrpcTimeout.read(headers) else { return nil }
    return max(0, (bound == 0 ? timeout : min(timeout, bound)) - headerOffset)
  }
}
