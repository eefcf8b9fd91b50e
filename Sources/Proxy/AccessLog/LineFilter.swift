import EnvoyConfig
import HTTP
import Reactor
import Telemetry

/// A compiled access-log filter: which requests get a line.
struct LineFilter: Sendable {
  private indirect enum Rule: Sendable {
    case status(ComparisonFilter)
    case duration(ComparisonFilter)
    case always
    case flags([[UInt8]])
    case header(HeaderMatcher)
    case grpcStatus(GrpcStatusFilter)
    case fraction(FractionalPercent, independent: Bool)
    case all([Rule])
    case any([Rule])
  }

  private let rule: Rule
  /// Keeps what the header matchers point at.
  private let arena: RouteArena

  init(_ config: AccessLogFilter) {
    let arena = RouteArena()
    rule = Self.compile(config, arena)
    self.arena = arena
  }

  private static func compile(_ config: AccessLogFilter, _ arena: RouteArena) -> Rule {
    switch config {
    case .statusCode(let comparison): .status(comparison)
    case .duration(let comparison): .duration(comparison)
    // Requests are marked as health checks by a filter that Pillion does not have yet.
    case .notHealthCheck: .always
    case .responseFlag(let flags): .flags(flags.map { Array($0.utf8) })
    case .header(let matcher): .header(HeaderMatcher(matcher, arena: arena))
    case .grpcStatus(let filter): .grpcStatus(filter)
    case .runtime(let runtime): .fraction(runtime.percentSampled, independent: runtime.useIndependentRandomness)
    case .and(let filters): .all(filters.map { compile($0, arena) })
    case .or(let filters): .any(filters.map { compile($0, arena) })
    }
  }

  /// - Parameter stream: nil for connections.
  func passes(_ info: StreamInfo, _ stream: ActiveStream?, _ worker: Worker) -> Bool {
    passes(rule, info, stream, worker)
  }

  private func passes(_ rule: Rule, _ info: StreamInfo, _ stream: ActiveStream?, _ worker: Worker) -> Bool {
    switch rule {
    case .status(let comparison): compare(UInt64(info.responseCode), comparison)
    case .duration(let comparison): compare(UInt64(max(0, info.endTime - info.startTime) / 1_000_000), comparison)
    case .always: true
    case .flags(let flags): hasFlag(info, flags)
    case .header(let matcher): stream?.requestHeaders.map { matcher.matches($0) } ?? false
    case .grpcStatus(let filter): filter.statuses.contains(grpcStatus(info, stream)) != filter.exclude
    case .fraction(let percent, let independent):
      draw(independent ? nil : stream?.requestHeaders, worker) % UInt64(percent.denominator.rawValue)
        < UInt64(percent.numerator)
    case .all(let rules): rules.allSatisfy { passes($0, info, stream, worker) }
    case .any(let rules): rules.contains { passes($0, info, stream, worker) }
    }
  }

  /// Of any request, gRPC or not, as Envoy; what no status is stands for none of the filter's.
  private func grpcStatus(_ info: StreamInfo, _ stream: ActiveStream?) -> UInt32 {
    if let sent = stream?.responseTrailers?.value(of: .grpcStatus) ?? stream?.responseHeaders?.value(of: .grpcStatus) {
      return sent.decimal.map { UInt32(clamping: $0) } ?? .max
    }
    return UInt32(GrpcStatus.status(http: UInt64(info.responseCode)))
  }

  /// What a fraction is taken of: the first eight digits of the request's id, so that all proxies on its way decide alike,
  /// or a number of chance where it has none that is a UUID.
  private func draw(_ headers: HeaderMap?, _ worker: Worker) -> UInt64 {
    guard let id = headers?.value(of: .xRequestID), id.count >= 8 else { return worker.loop.random.next() }
    var number: UInt64 = 0
    for index in 0..<8 {
      guard let digit = Character(UnicodeScalar(id[index])).hexDigitValue else { return worker.loop.random.next() }
      number = number << 4 | UInt64(digit)
    }
    return number
  }

  private func compare(_ value: UInt64, _ comparison: ComparisonFilter) -> Bool {
    let bound = UInt64(comparison.value.defaultValue)
    switch comparison.op {
    case .eq: return value == bound
    case .ge: return value >= bound
    case .le: return value <= bound
    case .ne: return value != bound
    }
  }

  /// An empty list asks for any flag at all.
  private func hasFlag(_ info: StreamInfo, _ flags: [[UInt8]]) -> Bool {
    if flags.isEmpty { return !info.responseFlags.isEmpty }
    return ResponseFlag.allCases.contains { flag in
      info.responseFlags.contains(flag)
        && flags.contains { name in name.withUnsafeBytes { ByteView($0) == flag.shortName } }
    }
  }
}
