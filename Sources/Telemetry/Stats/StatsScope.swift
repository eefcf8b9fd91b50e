/// Makes counters, gauges and histograms whose names share a prefix. The same full name always gives the same id,
/// whoever asks.
package struct StatsScope: Sendable {
  package let store: StatsStore
  /// With its closing dot: "http.ingress.".
  package let prefix: String

  package func scope(_ name: String) -> StatsScope {
    StatsScope(store: store, prefix: prefix + name)
  }

  /// The ids of a whole group; all are shown from now on, at 0.
  package func block<Set: StatSet>(_ set: Set.Type = Set.self) -> StatBlock<Set> {
    store.state.withLock { StatBlock(base: $0.block(of: Set.self, prefix: prefix)) }
  }

  /// A single counter, possibly made on first use (`upstream_rq_503`).
  package func counter(_ name: String) -> StatID {
    store.state.withLock { $0.id(named: prefix + name, .counter) }
  }

  package func gauge(_ name: String) -> StatID {
    store.state.withLock { $0.id(named: prefix + name, .gauge) }
  }

  /// A histogram of whole numbers: milliseconds, or a count.
  package func histogram(_ name: String) -> HistogramID {
    store.state.withLock { $0.histogram(named: prefix + name) }
  }
}
