import Glibc
import Synchronization

@usableFromInline typealias HistogramChunk = UnsafeMutablePointer<Atomic<UnsafeMutablePointer<HistogramCells>?>>

/// One shard's counts of one histogram: cells for the values below 100 at once, those of a decade when a value falls
/// into it.
@usableFromInline
struct HistogramCells {
  @usableFromInline let low: StatChunk
  @usableFromInline let decades: UnsafeMutablePointer<Atomic<StatChunk?>>

  @usableFromInline
  static func make() -> UnsafeMutablePointer<HistogramCells> {
    let cells = UnsafeMutablePointer<HistogramCells>.zeroed(1)
    cells.initialize(to: HistogramCells(low: .zeroed(HistogramBins.low), decades: .zeroed(HistogramBins.decades)))
    return cells
  }

  @inlinable @inline(__always)
  func record(_ value: UInt64) {
    if value < 100 {
      Self.bump(low + Int(truncatingIfNeeded: value))
    } else {
      recordHigh(value)
    }
  }

  @usableFromInline
  func recordHigh(_ value: UInt64) {
    let (decade, bin) = HistogramBins.place(of: value)
    if let cells = decades[decade].load(ordering: .relaxed) {
      Self.bump(cells + bin)
    } else {
      let cells = StatChunk.zeroed(HistogramBins.binsPerDecade)
      Self.bump(cells + bin)
      decades[decade].store(cells, ordering: .releasing)
    }
  }

  @inlinable @inline(__always)
  static func bump(_ cell: StatChunk) {
    cell.pointee.store(cell.pointee.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }

  /// Adds the counts of all bins that are not empty.
  func add(to counts: inout HistogramCounts) {
    for bin in 0..<HistogramBins.low {
      counts.add(bin, low[bin].load(ordering: .relaxed))
    }
    for decade in 0..<HistogramBins.decades {
      guard let cells = decades[decade].load(ordering: .acquiring) else { continue }
      for bin in 0..<HistogramBins.binsPerDecade {
        counts.add(HistogramBins.low + decade * HistogramBins.binsPerDecade + bin, cells[bin].load(ordering: .relaxed))
      }
    }
  }
}

extension UnsafeMutablePointer<HistogramCells> {
  /// Frees the cells and what they point to.
  func destroy() {
    free(pointee.low)
    for decade in 0..<HistogramBins.decades {
      free(pointee.decades[decade].load(ordering: .acquiring))
    }
    free(pointee.decades)
    free(self)
  }
}

extension StatsShard {
  /// Counts one value (milliseconds, mostly) into a histogram. By the shard's owner only.
  @inlinable @inline(__always)
  public func record(_ id: HistogramID, _ value: UInt64) {
    let chunk = histogramChunks[Int(id.index &>> StatLimits.histogramChunkBits)].load(ordering: .relaxed)
    let cells = chunk?[Int(id.index & StatLimits.histogramChunkMask)].load(ordering: .relaxed)
    (cells ?? makeHistogram(id)).pointee.record(value)
  }

  @usableFromInline
  func makeHistogram(_ id: HistogramID) -> UnsafeMutablePointer<HistogramCells> {
    let place = Int(id.index &>> StatLimits.histogramChunkBits)
    var chunk = histogramChunks[place].load(ordering: .relaxed)
    if chunk == nil {
      chunk = HistogramChunk.zeroed(StatLimits.histogramChunkSlots)
      histogramChunks[place].store(chunk, ordering: .releasing)
    }
    let cells = HistogramCells.make()
    chunk?[Int(id.index & StatLimits.histogramChunkMask)].store(cells, ordering: .releasing)
    return cells
  }

  /// This shard's counts of a histogram, or nil when it has none.
  func histogram(at index: UInt32) -> HistogramCells? {
    let chunk = histogramChunks[Int(index >> StatLimits.histogramChunkBits)].load(ordering: .acquiring)
    return chunk?[Int(index & StatLimits.histogramChunkMask)].load(ordering: .acquiring)?.pointee
  }
}
