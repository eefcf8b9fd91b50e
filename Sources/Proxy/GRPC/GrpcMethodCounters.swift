import Reactor
import Telemetry

/// The counters of one gRPC method, or of all that have none of their own, below `cluster.NAME.grpc.`. Each is made with its
/// first use, as Envoy's are. Of one worker.
final class GrpcMethodCounters {
  /// How many more statuses that gRPC does not know get a counter; one bound for all methods of a cluster, and of the longest
  /// text. A server may send what it likes (Envoy knows no limits); those beyond count as failures alone.
  final class Allowance {
    static let longest = 16
    fileprivate var left = 256
  }

  private let scope: StatsScope
  private let allowance: Allowance
  private var counters: InlineArray<5, StatID?> = .init(repeating: nil)
  private var statuses: [StatID?] = Array(repeating: nil, count: GrpcCode.maximum + 1)
  private var otherStatuses: [[UInt8]: StatID] = [:]
  private var upstreamTime: HistogramID?

  private enum Counter: Int {
    case success, failure, total, requestMessages, responseMessages

    var name: String {
      switch self {
      case .success: "success"
      case .failure: "failure"
      case .total: "total"
      case .requestMessages: "request_message_count"
      case .responseMessages: "response_message_count"
      }
    }
  }

  init(scope: StatsScope, _ allowance: Allowance) {
    self.scope = scope
    self.allowance = allowance
  }

  /// Counts a call that has ended, by the text of its `grpc-status`; nil counts nothing.
  func count(status: ByteView?, on shard: StatsShard) {
    guard let status, let id = id(status: status) else { return }
    shard.increment(id)
    shard.increment(counter(status == "0" ? .success : .failure))
    shard.increment(counter(.total))
  }

  func count(requestMessages: UInt64, on shard: StatsShard) {
    if requestMessages > 0 { shard.add(counter(.requestMessages), requestMessages) }
  }

  func count(responseMessages: UInt64, on shard: StatsShard) {
    if responseMessages > 0 { shard.add(counter(.responseMessages), responseMessages) }
  }

  /// From the last byte sent upstream to the last one received.
  func record(upstreamMilliseconds: UInt64, on shard: StatsShard) {
    let id = upstreamTime ?? scope.histogram("upstream_rq_time")
    upstreamTime = id
    shard.record(id, upstreamMilliseconds)
  }

  private func counter(_ counter: Counter) -> StatID {
    if let id = counters[counter.rawValue] { return id }
    let id = scope.counter(counter.name)
    counters[counter.rawValue] = id
    return id
  }

  private func id(status: ByteView) -> StatID? {
    if status.count == 1 || status.count == 2 && status[0] != UInt8(ascii: "0"), let code = status.decimal,
      code <= GrpcCode.maximum
    {
      let id = statuses[code] ?? scope.counter("\(code)")
      statuses[code] = id
      return id
    }
    guard status.count <= Allowance.longest else { return .discarded }
    let text = Array(status.buffer)
    if let id = otherStatuses[text] { return id }
    guard allowance.left > 0 else { return .discarded }
    allowance.left -= 1
    let id = scope.counter(status.string)
    otherStatuses[text] = id
    return id
  }
}
