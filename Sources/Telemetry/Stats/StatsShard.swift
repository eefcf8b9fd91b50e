import Glibc
import Synchronization

/// A counter's or gauge's cell in one shard: the value in the upper 63 bits, and in the lowest whether it was ever
/// written (Envoy's "used", which a gauge that went back to zero and a reset counter keep).
@usableFromInline typealias StatCell = Atomic<UInt64>
@usableFromInline typealias StatChunk = UnsafeMutablePointer<StatCell>

/// One writer's share of all counters, gauges and histograms. A worker owns one and writes it alone, by plain loads and
/// stores; anyone may read it at any time. What is shown is the sum over the shards of a store.
///
/// Sound as `@unchecked Sendable`: the two tables are allocated in `init` and freed in `deinit`; everything in them is
/// an atomic; chunks appear by a releasing store of their only writer and stay until `deinit`.
public final class StatsShard: @unchecked Sendable {
  @usableFromInline let chunks: UnsafeMutablePointer<Atomic<StatChunk?>>
  @usableFromInline let histogramChunks: UnsafeMutablePointer<Atomic<HistogramChunk?>>

  init() {
    chunks = .zeroed(StatLimits.chunks)
    histogramChunks = .zeroed(StatLimits.histogramChunks)
  }

  deinit {
    for index in 0..<StatLimits.chunks {
      free(chunks[index].load(ordering: .acquiring))
    }
    free(chunks)
    for index in 0..<StatLimits.histogramChunks {
      guard let chunk = histogramChunks[index].load(ordering: .acquiring) else { continue }
      for slot in 0..<StatLimits.histogramChunkSlots {
        chunk[slot].load(ordering: .acquiring)?.destroy()
      }
      free(chunk)
    }
    free(histogramChunks)
  }

  // MARK: Writing, by the owner only

  /// Adds 1 to a counter.
  @inlinable @inline(__always)
  public func increment(_ id: StatID) {
    write(id, 2)
  }

  /// Adds to a counter.
  @inlinable @inline(__always)
  public func add(_ id: StatID, _ amount: UInt64) {
    write(id, amount &<< 1)
  }

  /// Adds to a counter, or takes from or adds to a gauge. The sum over the shards is the gauge's value, so one worker
  /// may take what another added.
  @inlinable @inline(__always)
  public func adjust(_ id: StatID, by amount: Int) {
    write(id, UInt64(bitPattern: Int64(amount)) &<< 1)
  }

  /// Sets this shard's share of a gauge: for a gauge that only one thread writes.
  @inlinable @inline(__always)
  public func set(_ id: StatID, to value: UInt64) {
    cell(id).pointee.store(value &<< 1 | 1, ordering: .relaxed)
  }

  @inlinable @inline(__always)
  func write(_ id: StatID, _ shifted: UInt64) {
    let cell = cell(id)
    cell.pointee.store((cell.pointee.load(ordering: .relaxed) &+ shifted) | 1, ordering: .relaxed)
  }

  @inlinable @inline(__always)
  func cell(_ id: StatID) -> StatChunk {
    let chunk = chunks[Int(id.index &>> StatLimits.chunkBits)].load(ordering: .relaxed)
    return (chunk ?? makeChunk(of: id)) + Int(id.index & StatLimits.chunkMask)
  }

  @usableFromInline
  func makeChunk(of id: StatID) -> StatChunk {
    let chunk = StatChunk.zeroed(StatLimits.chunkCells)
    chunks[Int(id.index &>> StatLimits.chunkBits)].store(chunk, ordering: .releasing)
    return chunk
  }

  // MARK: Reading and clearing, by the store

  /// The raw cell, or 0 when this shard never wrote near it.
  func rawValue(at index: UInt32) -> UInt64 {
    guard let chunk = chunks[Int(index >> StatLimits.chunkBits)].load(ordering: .acquiring) else { return 0 }
    return chunk[Int(index & StatLimits.chunkMask)].load(ordering: .relaxed)
  }

  /// Zeroes a cell. Only for ids that nobody holds any more.
  func clear(at index: UInt32) {
    guard let chunk = chunks[Int(index >> StatLimits.chunkBits)].load(ordering: .acquiring) else { return }
    chunk[Int(index & StatLimits.chunkMask)].store(0, ordering: .relaxed)
  }
}

extension UnsafeMutablePointer where Pointee: ~Copyable {
  /// Memory for `count` atomics, all zero bits: 0 for a number, nil for a pointer. Freed with `free`.
  @usableFromInline
  static func zeroed(_ count: Int) -> UnsafeMutablePointer {
    guard let memory = calloc(count, MemoryLayout<Pointee>.stride) else { fatalError("out of memory") }
    return memory.bindMemory(to: Pointee.self, capacity: count)
  }
}
