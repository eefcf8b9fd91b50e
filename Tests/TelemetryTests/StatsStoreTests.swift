import Glibc
import Testing

@testable import Telemetry

enum SampleStat: UInt32, StatSet {
  case total, active

  static let definitions: [StatDefinition<SampleStat>] = [.counter(.total, "rq_total"), .gauge(.active, "rq_active")]
}

/// Runs bodies on threads of their own and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Box {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }
  let threads = (0..<count).map { number in
    var id = pthread_t()
    let box = Unmanaged.passRetained(Box { body(number) }).toOpaque()
    let made = pthread_create(
      &id, nil,
      { box in
        guard let box else { return nil }
        Unmanaged<Box>.fromOpaque(box).takeRetainedValue().run()
        return nil
      }, box)
    precondition(made == 0)
    return id
  }
  for thread in threads { pthread_join(thread, nil) }
}

@Suite struct StatsStoreTests {
  @Test func countersSumOverShards() {
    let store = StatsStore()
    let stats = store.scope("cluster.a.").block(SampleStat.self)
    let shards = [store.makeShard(), store.makeShard()]
    shards[0].increment(stats[.total])
    shards[1].add(stats[.total], 41)
    store.add(stats[.total])
    #expect(store.counter(stats[.total]) == 43)
  }

  @Test func gaugesMayBeTakenFromByAnotherShard() {
    let store = StatsStore()
    let stats = store.scope("cluster.a.").block(SampleStat.self)
    let shards = [store.makeShard(), store.makeShard()]
    shards[0].adjust(stats[.active], by: 3)
    shards[1].adjust(stats[.active], by: -2)
    #expect(store.gauge(stats[.active]) == 1)
    shards[1].adjust(stats[.active], by: -2)
    #expect(store.gauge(stats[.active]) == 0)
    store.setGauge(stats[.active], to: 7)
    #expect(store.gauge(stats[.active]) == 6)
  }

  @Test func aNameHasOneID() {
    let store = StatsStore()
    #expect(store.scope("a.").counter("b.c") == store.scope("a.").scope("b.").counter("c"))
    #expect(store.scope("a.").histogram("h") == store.scope("").histogram("a.h"))
    let first = store.scope("x.").block(SampleStat.self)
    #expect(first[.total] == store.scope("x.").block(SampleStat.self)[.total])
    #expect(first[.total] != store.scope("y.").block(SampleStat.self)[.total])
  }

  @Test func resetSubtractsWhatWasThere() {
    let store = StatsStore()
    let shard = store.makeShard()
    let stats = store.scope("x.").block(SampleStat.self)
    let single = store.scope("x.").counter("one")
    shard.add(stats[.total], 5)
    shard.add(single, 2)
    shard.adjust(stats[.active], by: 3)
    store.resetCounters()
    shard.increment(stats[.total])
    #expect(store.counter(stats[.total]) == 1)
    #expect(store.counter(single) == 0)
    #expect(store.gauge(stats[.active]) == 3)
    store.resetCounters()
    #expect(store.counter(stats[.total]) == 0)
  }

  @Test func unnamedBlocksComeBackZeroed() {
    let store = StatsStore()
    let shard = store.makeShard()
    let block = store.unnamedBlock(SampleStat.self)
    shard.add(block[.total], 9)
    #expect(store.counter(block[.total]) == 9)
    store.release(block)
    let again = store.unnamedBlock(SampleStat.self)
    #expect(again[.total] == block[.total])
    #expect(store.counter(again[.total]) == 0)
    #expect(store.unnamedBlock(SampleStat.self)[.total] != again[.total])
  }

  @Test func aFullTableDiscards() {
    let store = StatsStore()
    var state = StatsState(shards: [store.makeShard()])
    while state.allocate(StatLimits.chunkCells) != StatID.discarded.index {}
    #expect(state.id(named: "late", .counter) == .discarded)
    #expect(state.block(of: SampleStat.self, prefix: "late.") == StatID.discarded.index)
    state.shards[0].increment(.discarded)
    #expect(state.named.isEmpty)
  }

  @Test func workersWriteWhileOthersRead() {
    let store = StatsStore()
    let stats = store.scope("cluster.a.").block(SampleStat.self)
    let histogram = store.scope("cluster.a.").histogram("upstream_rq_time")
    let rounds = 20_000
    onThreads(4) { number in
      if number == 3 {
        for _ in 0..<50 {
          store.flushHistograms()
          _ = store.counter(stats[.total])
          store.resetCounters()
        }
        return
      }
      let shard = store.makeShard()
      for round in 0..<rounds {
        shard.increment(stats[.total])
        shard.adjust(stats[.active], by: 1)
        shard.record(histogram, UInt64(round))
        if round % 1000 == 0 {
          let late = store.scope("late.\(round).").block(SampleStat.self)
          shard.increment(late[.total])
          store.release(store.unnamedBlock(SampleStat.self))
        }
        shard.adjust(stats[.active], by: -1)
      }
    }
    store.flushHistograms()
    #expect(store.gauge(stats[.active]) == 0)
    #expect(store.counter(store.scope("late.19000.").block(SampleStat.self)[.total]) <= 3)
    let state = store.state.withLock { $0.histograms[1].cumulative }
    #expect(HistogramStatistics(bins: state).sampleCount == UInt64(3 * rounds))
  }

  @Test func responseCodesAreMadeOnce() {
    let store = StatsStore()
    var codes = ResponseCodeCounters(scope: store.scope("cluster.a."), name: "upstream_rq_")
    #expect(codes.id(503) == store.scope("cluster.a.").counter("upstream_rq_503"))
    #expect(codes.id(503) == codes.id(503))
    #expect(codes.id(1000) == .discarded)
  }
}
