/// Names one counter or gauge of a `StatsStore`. Only a store makes them, so an id always lies within every shard's
/// table.
package struct StatID: Sendable, Hashable {
  @usableFromInline let index: UInt32

  @inlinable
  init(index: UInt32) {
    self.index = index
  }

  /// A cell that is written and never shown: what a store hands out once its table is full.
  package static var discarded: StatID { StatID(index: 0) }
}

/// Names one histogram of a `StatsStore`.
package struct HistogramID: Sendable, Hashable {
  @usableFromInline let index: UInt32

  @inlinable
  init(index: UInt32) {
    self.index = index
  }

  /// A histogram that is written and never shown: what a store hands out once its table is full.
  package static var discarded: HistogramID { HistogramID(index: 0) }
}

/// What a cell counts. Both kinds live in the same cells; the kind decides how they are shown and what
/// /reset_counters does.
package enum StatKind: UInt8, Sendable {
  case counter
  case gauge
}

/// The sizes of a store's tables. Ids are 32 bits and cells are reached by chunk and place in the chunk.
@usableFromInline
enum StatLimits {
  /// Cells in a chunk: 4 KiB. Also the number of ids at the start that swallow what does not fit.
  @usableFromInline static let chunkBits: UInt32 = 9
  @usableFromInline static let chunkCells = 1 << 9
  @usableFromInline static let chunkMask: UInt32 = (1 << 9) - 1
  /// With 512 cells each: 4,194,304 counters and gauges.
  @usableFromInline static let chunks = 8192
  @usableFromInline static let cells = chunks * chunkCells
  /// Histograms in a chunk, and chunks: 131,072 histograms.
  @usableFromInline static let histogramChunkBits: UInt32 = 8
  @usableFromInline static let histogramChunkSlots = 1 << 8
  @usableFromInline static let histogramChunkMask: UInt32 = (1 << 8) - 1
  @usableFromInline static let histogramChunks = 512
  @usableFromInline static let histograms = histogramChunks * histogramChunkSlots
}
