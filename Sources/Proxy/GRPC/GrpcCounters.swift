import Reactor
import Telemetry

/// The counters of a cluster's gRPC calls by method, on one worker, below `cluster.NAME.grpc.` or `cluster.NAME.grpc-web.`.
final class GrpcCounters {
  /// Who calls chooses the names: more methods than these, or longer names, are not counted by method (Envoy knows no
  /// limits).
  private static let mostMethods = 10_000
  private static let longestName = 1024

  private struct Entry {
    let service: [UInt8]
    let method: [UInt8]
    let replacesDots: Bool
    let counters: GrpcMethodCounters

    func isOf(_ called: GrpcMethod, replacesDots: Bool) -> Bool {
      self.replacesDots == replacesDots && method.withUnsafeBytes { ByteView($0) == called.name }
        && service.withUnsafeBytes { ByteView($0) == called.service }
    }
  }

  /// Of the calls that are counted for the cluster as a whole.
  let all: GrpcMethodCounters
  private let scope: StatsScope
  private let statuses = GrpcMethodCounters.Allowance()
  /// By a hash that no caller can foresee.
  private var methods: [Int: [Entry]] = [:]
  private var count = 0

  /// - Parameter scope: with its dot: "cluster.a.grpc.".
  init(scope: StatsScope) {
    self.scope = scope
    all = GrpcMethodCounters(scope: scope, statuses)
  }

  /// - Parameter replacesDots: whether the service's name has `_` for `.`.
  func counters(_ method: GrpcMethod, replacesDots: Bool = false) -> GrpcMethodCounters {
    var hasher = Hasher()
    hasher.combine(bytes: method.service.buffer)
    hasher.combine(bytes: method.name.buffer)
    let hash = hasher.finalize()
    if let known = methods[hash]?.first(where: { $0.isOf(method, replacesDots: replacesDots) }) {
      return known.counters
    }
    let length = method.service.count + method.name.count
    guard count < Self.mostMethods, length <= Self.longestName else { return all }
    count += 1
    var service = method.service.string
    if replacesDots { service = String(service.map { $0 == "." ? "_" : $0 }) }
    let made = GrpcMethodCounters(scope: scope.scope("\(service).\(method.name.string)."), statuses)
    methods[hash, default: []].append(
      Entry(
        service: Array(method.service.buffer), method: Array(method.name.buffer), replacesDots: replacesDots,
        counters: made))
    return made
  }
}
