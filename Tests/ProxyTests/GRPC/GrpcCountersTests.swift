import Reactor
import Telemetry
import Testing

@testable import Proxy

/// Servers choose the texts of their statuses, and must not fill the memory by that.
@Suite struct GrpcCountersTests {
  private let store = StatsStore()

  private func count(_ statuses: [String], _ counters: GrpcCounters) {
    let shard = store.makeShard()
    for (index, status) in statuses.enumerated() {
      // Each by another method: the bound is the cluster's.
      let path = Array("/a.Service/Method\(index % 7)".utf8)
      path.withUnsafeBytes { bytes in
        guard let method = GrpcMethod(path: ByteView(bytes)) else {
          Issue.record("no method")
          return
        }
        Array(status.utf8).withUnsafeBytes { counters.counters(method).count(status: ByteView($0), on: shard) }
      }
    }
  }

  /// The names of all counters, without the method's.
  private func names() -> Set<String> {
    Set(store.samples().stats.compactMap { $0.name.split(separator: ".").last.map { String($0) } })
  }

  @Test func oddStatusesAreCountedByNameUpToABound() {
    let counters = GrpcCounters(scope: store.scope("cluster.a.grpc."))
    count((0..<1000).map { "odd-\($0)" } + ["0", "16"], counters)
    let names = names()
    #expect(names.filter { $0.hasPrefix("odd-") }.count == 256)
    #expect(names.isSuperset(of: ["0", "16", "success", "failure", "total"]))
  }

  @Test func longOnesAreNot() {
    let counters = GrpcCounters(scope: store.scope("cluster.a.grpc."))
    let longest = String(repeating: "x", count: 16)
    count([longest, longest + "y"], counters)
    #expect(names() == [longest, "failure", "total"])
  }
}
