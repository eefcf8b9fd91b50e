/// The loop's store of equal blocks of memory. An idle connection holds none: it borrows one while bytes wait in it.
public final class BlockPool {
  /// Bytes in a block: a request or response head with a small body fits in one.
  public static let blockSize = 16 * 1024

  /// Blocks kept for the next borrower; what comes back beyond them is freed.
  private static let keptBlocks = 64

  private var free: [UnsafeMutableRawPointer] = []

  public init() { free.reserveCapacity(Self.keptBlocks) }

  deinit { for block in free { block.deallocate() } }

  /// `capacity` bytes of memory, from the pool where they are just a block.
  public func borrow(capacity: Int) -> UnsafeMutableRawPointer {
    if capacity == Self.blockSize, let block = free.popLast() { return block }
    return .allocate(byteCount: capacity, alignment: 16)
  }

  public func giveBack(_ block: UnsafeMutableRawPointer, capacity: Int) {
    if capacity == Self.blockSize, free.count < Self.keptBlocks {
      free.append(block)
    } else {
      block.deallocate()
    }
  }
}
