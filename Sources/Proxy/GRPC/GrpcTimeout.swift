import EnvoyConfig
import HTTP
import Reactor

/// The `grpc-timeout` header: a number of at most eight digits, and its unit.
enum GrpcTimeout {
  private static let greatestValue: Int64 = 99_999_999

  /// In nanoseconds, whole milliseconds of them: parts of one count as one. Nil without the header, or where it says no
  /// time.
  static func read(_ headers: HeaderMap) -> Int64? {
    guard let text = headers.value(of: .grpcTimeout), !text.isEmpty,
      let value = signedDecimal(text.prefix(text.count - 1)), value >= 0, value <= greatestValue,
      let unit = nanoseconds(unit: text[text.count - 1])
    else { return nil }
    let (product, overflow) = value.multipliedReportingOverflow(by: unit)
    if overflow { return .max }
    let (up, isTooMuch) = product.addingReportingOverflow(unit < 1_000_000 ? 999_999 : 0)
    return isTooMuch ? .max : up / 1_000_000 * 1_000_000
  }

  /// Tells the upstream how long it has, in the smallest unit that can say so.
  static func write(milliseconds: Int64, to headers: HeaderMap) {
    var value = max(0, milliseconds)
    var unit: StaticString = "m"
    for (larger, factor) in [("S" as StaticString, 1000), ("M", 60), ("H", 60)] where value > greatestValue {
      value /= Int64(factor)
      unit = larger
    }
    headers.set(.grpcTimeout, decimal: Int(value))
    headers.append(.grpcTimeout, ByteView(unit), separator: "")
  }

  private static func nanoseconds(unit: UInt8) -> Int64? {
    switch unit {
    case UInt8(ascii: "H"): 3_600_000_000_000
    case UInt8(ascii: "M"): 60_000_000_000
    case UInt8(ascii: "S"): 1_000_000_000
    case UInt8(ascii: "m"): 1_000_000
    case UInt8(ascii: "u"): 1000
    case UInt8(ascii: "n"): 1
    default: nil
    }
  }
}

/// What a route makes of a request's `grpc-timeout`.
struct GrpcTimeoutRules: Sendable, BitwiseCopyable {
  // Of the deprecated fields, in nanoseconds: for the exchange with the upstream.
  private let maxGrpcTimeout: Int64?
  private let grpcTimeoutOffset: Int64
  // Of `max_stream_duration`: for the whole stream.
  private let headerMax: Int64?
  private let headerOffset: Int64

  init(_ route: EnvoyConfig.RouteAction) {
    maxGrpcTimeout = route.maxGrpcTimeout.map(Self.wholeMilliseconds)
    grpcTimeoutOffset = route.grpcTimeoutOffset.map(Self.wholeMilliseconds) ?? 0
    headerMax = route.maxStreamDuration?.grpcTimeoutHeaderMax.map(Self.wholeMilliseconds)
    headerOffset = route.maxStreamDuration?.grpcTimeoutHeaderOffset.map(Self.wholeMilliseconds) ?? 0
  }

  private static func wholeMilliseconds(_ duration: Duration) -> Int64 { duration.nanoseconds / 1_000_000 * 1_000_000 }

  /// Whether the header takes the place of the route's timeout, and tells the upstream what is left.
  var hasGlobal: Bool { maxGrpcTimeout != nil }

  /// How long the upstream has, from the header and its bound; 0: without limit. Nil where the route's timeout counts.
  func global(_ headers: HeaderMap) -> Int64? {
    guard let bound = maxGrpcTimeout else { return nil }
    var timeout = GrpcTimeout.read(headers) ?? 0
    if grpcTimeoutOffset < timeout { timeout -= grpcTimeoutOffset }
    if bound != 0, timeout == 0 || timeout > bound { timeout = bound }
    return timeout
  }

  /// How long the stream may last, by its header; 0: no time at all. Nil where the header does not count.
  func duration(_ headers: HeaderMap) -> Int64? {
    guard let bound = headerMax, let timeout = GrpcTimeout.read(headers) else { return nil }
    return max(0, (bound == 0 ? timeout : min(timeout, bound)) - headerOffset)
  }
}
