import Reactor

/// All counters, gauges, histograms and text readouts of one proxy: hands out ids by name, and shards to those who
/// write. Ids may be made at any time and from any thread; those already running reach them without a lock.
///
/// At most 4,194,304 counters and gauges and 131,072 histograms; what is asked for beyond that is discarded.
package final class StatsStore: Sendable {
  let state: Locked<StatsState>
  /// Takes the writes of threads without a shard of their own, under the lock.
  private let shared: StatsShard

  package init() {
    let shared = StatsShard()
    self.shared = shared
    state = Locked(StatsState(shards: [shared]))
  }

  /// A new writer's share. Each worker takes one at its start.
  package func makeShard() -> StatsShard {
    let shard = StatsShard()
    state.withLock { $0.shards.append(shard) }
    return shard
  }

  /// Names below a common prefix, which is given with its dot: "cluster.a.".
  package func scope(_ prefix: String) -> StatsScope {
    StatsScope(store: self, prefix: prefix)
  }

  // MARK: Unnamed blocks

  /// A group that is read by whoever holds it and not shown in /stats, as a host's. To be given back by `release`.
  package func unnamedBlock<Set: StatSet>(_ set: Set.Type = Set.self) -> StatBlock<Set> {
    let count = Set.allCases.count
    return state.withLock { state in
      if let base = state.freeBlocks[count]?.popLast() { return StatBlock(base: base) }
      return StatBlock(base: state.allocate(count))
    }
  }

  /// Gives an unnamed block back; it is zeroed and used again. Nobody may write to it any more.
  package func release<Set: StatSet>(_ block: StatBlock<Set>) {
    guard block.base != StatID.discarded.index else { return }
    let count = Set.allCases.count
    state.withLock { state in
      for index in block.base..<block.base + UInt32(count) {
        for shard in state.shards { shard.clear(at: index) }
      }
      state.freeBlocks[count, default: []].append(block.base)
    }
  }

  // MARK: Values

  /// A counter's value since the start or the last /reset_counters.
  package func counter(_ id: StatID) -> UInt64 {
    state.withLock { $0.counterValue(at: id.index) }
  }

  /// A gauge's value, 0 if its parts sum to less.
  package func gauge(_ id: StatID) -> UInt64 {
    state.withLock { UInt64(max(0, $0.sum(at: id.index).value)) }
  }

  /// Sets a gauge that no shard writes to, as the main thread does (`server.live`). Values below 2^62.
  package func setGauge(_ id: StatID, to value: UInt64) {
    state.withLock { _ in shared.set(id, to: min(value, 1 << 62 - 1)) }
  }

  /// Adds to a counter from a thread without a shard: for rare events.
  package func add(_ id: StatID, _ amount: UInt64 = 1) {
    state.withLock { _ in shared.add(id, amount) }
  }

  /// Adds to or takes from a gauge from a thread without a shard.
  package func adjust(_ id: StatID, by amount: Int) {
    state.withLock { _ in shared.adjust(id, by: amount) }
  }

  /// Counts a value into a histogram from a thread without a shard.
  package func record(_ id: HistogramID, _ value: UInt64) {
    state.withLock { _ in shared.record(id, value) }
  }

  package func setTextReadout(_ name: String, to text: String) {
    state.withLock { $0.textReadouts[name] = text }
  }

  /// Sets all counters back to 0 (admin's /reset_counters). Gauges and histograms stay, as in Envoy.
  package func resetCounters() {
    state.withLock { $0.resetCounters() }
  }
}
