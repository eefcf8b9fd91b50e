/// Names one counter or gauge of a `StatsStore`. Only a store makes them, so an id always lies within every shard's
/// table.
public struct StatID: Sendable, Hashable {
  @usableFromInline let index: UInt32

  @inlinable
  init(index: UInt32) {
    self.index = index
  }

  /// A cell that is written and never shown: what a store hands out once its table is full.
  public static var discarded: StatID { StatID(index: 0) }
}

/// Names one histogram of a `StatsStore`.
public struct HistogramID: Sendable, Hashable {
  @usableFromInline let index: UInt32

  @inlinable
  init(index: UInt32) {
    self.index = index
  }

  /// A histogram that is written and never shown: what a store hands out once its table is full.
  public static var discarded: HistogramID { HistogramID(index: 0) }
}

/// What a cell counts. Both kinds live in the same cells; the kind decides how they are shown and what
/// /reset_counters does.
public enum StatKind: UInt8, Sendable {
  case counter
  case gauge
}

/// The sizes of a store's tables. Ids are 32 bits and cells are reached by chunk and place in the chunk.
@usableFromInline
enum StatLimits {
  /// Cells in a chunk: 4 KiB. Also the number of ids at the start that swallow what does not fit.
  @inlinable static var chunkBits: UInt32 { 9 }
  @inlinable static var chunkCells: Int { 1 << 9 }
  @inlinable static var chunkMask: UInt32 { (1 << 9) - 1 }
  /// With 512 cells each: 4,194,304 counters and gauges.
  @inlinable static var chunks: Int { 8192 }
  @inlinable static var cells: Int { chunks * chunkCells }
  /// Histograms in a chunk, and chunks: 131,072 histograms.
  @inlinable static var histogramChunkBits: UInt32 { 8 }
  @inlinable static var histogramChunkSlots: Int { 1 << 8 }
  @inlinable static var histogramChunkMask: UInt32 { (1 << 8) - 1 }
  @inlinable static var histogramChunks: Int { 512 }
  @inlinable static var histograms: Int { histogramChunks * histogramChunkSlots }
}
