/// The loop's store of blocks of memory, of a few sizes. An idle connection holds none: it borrows one while bytes wait
/// in it. A body that is kept for another try takes a large one and gives it back, so the steady state allocates nothing.
public final class BlockPool {
  /// Bytes in the smallest block: a request or response head with a small body fits in one. Each larger size is twice the
  /// one before.
  public static let blockSize = 16 * 1024

  /// Sizes that are kept for the next borrower: 16 KiB to 256 KiB, at most 1 MiB of each. What comes back beyond them, or
  /// is larger, is freed.
  private static let sizes = 5
  private static let keptOfSmallest = 64

  /// Free blocks of one size: each begins with where the next one is.
  private struct FreeList {
    var first: UnsafeMutableRawPointer?
    var count = 0
  }

  private var free: InlineArray<5, FreeList> = .init(repeating: FreeList())

  public init() {}

  deinit {
    for size in 0..<Self.sizes { while let block = take(size) { block.deallocate() } }
  }

  /// `capacity` bytes of memory, from the pool where it has a block of just that size.
  public func borrow(capacity: Int) -> UnsafeMutableRawPointer {
    if let size = Self.size(capacity), let block = take(size) { return block }
    return .allocate(byteCount: capacity, alignment: 16)
  }

  public func giveBack(_ block: UnsafeMutableRawPointer, capacity: Int) {
    guard let size = Self.size(capacity), free[size].count < Self.keptOfSmallest >> size else {
      return block.deallocate()
    }
    block.storeBytes(of: free[size].first, as: UnsafeMutableRawPointer?.self)
    free[size].first = block
    free[size].count += 1
  }

  private func take(_ size: Int) -> UnsafeMutableRawPointer? {
    guard let block = free[size].first else { return nil }
    free[size].first = block.load(as: UnsafeMutableRawPointer?.self)
    free[size].count -= 1
    return block
  }

  /// Which of the sizes a capacity is; nil for none of them.
  private static func size(_ capacity: Int) -> Int? {
    if capacity == blockSize { return 0 }
    let size = capacity.trailingZeroBitCount - blockSize.trailingZeroBitCount
    return size > 0 && size < sizes && capacity == blockSize << size ? size : nil
  }
}
