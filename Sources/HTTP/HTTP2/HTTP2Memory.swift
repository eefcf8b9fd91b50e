import CNghttp2
import Glibc

/// Where the sessions of a worker get their memory: blocks of a few sizes, kept for the next who asks. A request takes and
/// gives back a dozen, which cost malloc(3) 200 instructions each.
///
/// A block begins with 16 bytes of ours, which name its size.
final class HTTP2Memory {
  /// 32 bytes to 8 KiB, each twice the one before; what is larger is the system's.
  private static let sizes = 9
  private static let smallest = 32
  /// Bytes of each size that are kept.
  private static let keptBytes = 128 * 1024
  private static let headerLength = 16

  private struct FreeList {
    var first: UnsafeMutableRawPointer?
    var count = 0
  }

  private var free: InlineArray<9, FreeList> = .init(repeating: FreeList())

  deinit {
    for size in 0..<Self.sizes {
      while let block = free[size].first {
        free[size].first = block.load(as: UnsafeMutableRawPointer?.self)
        Glibc.free(block)
      }
    }
  }

  /// For nghttp2, which must not outlive this object.
  var functions: nghttp2_mem {
    nghttp2_mem(
      mem_user_data: Unmanaged.passUnretained(self).toOpaque(),
      malloc: { size, owner in HTTP2Memory.of(owner) { $0.allocate(size) } },
      free: { pointer, owner in
        if let pointer { HTTP2Memory.of(owner) { $0.release(pointer) } }
      },
      calloc: { count, size, owner in
        let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
        if overflow { return nil }
        guard let pointer = HTTP2Memory.of(owner, { $0.allocate(bytes) }) else { return nil }
        memset(pointer, 0, bytes)
        return pointer
      },
      realloc: { pointer, size, owner in HTTP2Memory.of(owner) { $0.reallocate(pointer, size) } })
  }

  private static func of<Result>(_ owner: UnsafeMutableRawPointer?, _ body: (HTTP2Memory) -> Result) -> Result {
    // Out of reach: nghttp2 hands back what ``functions`` gave it.
    guard let owner else { fatalError("nghttp2 lost its memory") }
    return Unmanaged<HTTP2Memory>.fromOpaque(owner)._withUnsafeGuaranteedRef(body)
  }

  private func allocate(_ length: Int) -> UnsafeMutableRawPointer? {
    let (total, overflow) = length.addingReportingOverflow(Self.headerLength)
    if overflow { return nil }
    let size = Self.size(total)
    if size < Self.sizes, let block = free[size].first {
      free[size].first = block.load(as: UnsafeMutableRawPointer?.self)
      free[size].count &-= 1
      block.storeBytes(of: size, as: Int.self)
      return block + Self.headerLength
    }
    guard let block = malloc(size < Self.sizes ? Self.smallest << size : total) else { return nil }
    block.storeBytes(of: size, as: Int.self)
    block.storeBytes(of: total, toByteOffset: 8, as: Int.self)
    return block + Self.headerLength
  }

  private func release(_ pointer: UnsafeMutableRawPointer) {
    let block = pointer - Self.headerLength
    let size = block.load(as: Int.self)
    guard size < Self.sizes, free[size].count < Self.keptBytes / (Self.smallest << size) else {
      return Glibc.free(block)
    }
    block.storeBytes(of: free[size].first, as: UnsafeMutableRawPointer?.self)
    free[size].first = block
    free[size].count &+= 1
  }

  private func reallocate(_ pointer: UnsafeMutableRawPointer?, _ length: Int) -> UnsafeMutableRawPointer? {
    guard let pointer else { return allocate(length) }
    let block = pointer - Self.headerLength
    let size = block.load(as: Int.self)
    let total = size < Self.sizes ? Self.smallest << size : block.load(fromByteOffset: 8, as: Int.self)
    let held = total - Self.headerLength
    if length <= held { return pointer }
    guard let larger = allocate(length) else { return nil }
    memcpy(larger, pointer, held)
    release(pointer)
    return larger
  }

  /// Which of the sizes holds so many bytes; `sizes` or more for none.
  private static func size(_ total: Int) -> Int {
    total <= smallest ? 0 : Int.bitWidth &- (total &- 1).leadingZeroBitCount &- 5
  }
}
