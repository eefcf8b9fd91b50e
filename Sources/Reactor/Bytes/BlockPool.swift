/// The loop's store of blocks of memory, of a few sizes. An idle connection holds none: it borrows one while bytes wait
/// in it. A body that is kept for another try takes a large one and gives it back, so the steady state allocates nothing.
public final class BlockPool {
  /// Bytes in the smallest block: a request or response head with a small body fits in one. Each larger size is twice the
  /// one before.
  public static let blockSize = 16 * 1024

  /// Blocks of each size, 16 KiB to 256 KiB, that are kept for the next borrower: at most 1 MiB of each. What comes back
  /// beyond them, or is larger, is freed.
  private static let kept = [64, 32, 16, 8, 4]

  private var free: [[UnsafeMutableRawPointer]]

  public init() {
    free = Self.kept.map { _ in [] }
    free[0].reserveCapacity(Self.kept[0])
  }

  deinit {
    for block in free.joined() { block.deallocate() }
  }

  /// `capacity` bytes of memory, from the pool where it has a block of just that size.
  public func borrow(capacity: Int) -> UnsafeMutableRawPointer {
    if let size = Self.size(capacity), let block = free[size].popLast() { return block }
    return .allocate(byteCount: capacity, alignment: 16)
  }

  public func giveBack(_ block: UnsafeMutableRawPointer, capacity: Int) {
    if let size = Self.size(capacity), free[size].count < Self.kept[size] {
      free[size].append(block)
    } else {
      block.deallocate()
    }
  }

  /// Which of the sizes a capacity is; nil for none of them.
  private static func size(_ capacity: Int) -> Int? {
    if capacity == blockSize { return 0 }
    let size = capacity.trailingZeroBitCount - blockSize.trailingZeroBitCount
    return size > 0 && size < kept.count && capacity == blockSize << size ? size : nil
  }
}
