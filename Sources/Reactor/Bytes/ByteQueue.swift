import Glibc

/// Bytes that wait, in order: appended at the end, consumed at the front. Contiguous, so that whatever waits can be
/// parsed or sent in one piece. Memory is borrowed from a ``BlockPool`` with the first byte and given back with the last.
///
/// Cost: amortised O(1) a byte; more than a block doubles. The owner bounds the size (watermarks): a queue does not.
public struct ByteQueue: ~Copyable {
  @usableFromInline var storage: UnsafeMutableRawPointer?
  @usableFromInline var capacity = 0
  @usableFromInline var head = 0
  @usableFromInline var tail = 0
  @usableFromInline let pool: BlockPool

  public init(pool: BlockPool) { self.pool = pool }

  deinit {
    if let storage { pool.giveBack(storage, capacity: capacity) }
  }

  @inlinable
  public var count: Int { tail &- head }

  @inlinable
  public var isEmpty: Bool { tail == head }

  /// All waiting bytes. Valid until the queue changes.
  @inlinable
  public var view: ByteView {
    guard let storage else { return .empty }
    return ByteView(start: UnsafePointer((storage + head).assumingMemoryBound(to: UInt8.self)), count: tail &- head)
  }

  /// Room for `length` more bytes at the end: write up to that many there, then say how many with ``commit(_:)``.
  @inlinable
  public mutating func reserve(_ length: Int) -> UnsafeMutablePointer<UInt8> {
    if let storage, capacity &- tail >= length { return (storage + tail).assumingMemoryBound(to: UInt8.self) }
    return grow(by: length)
  }

  /// Adds the `length` bytes that were just written where ``reserve(_:)`` pointed.
  @inlinable
  public mutating func commit(_ length: Int) {
    precondition(length >= 0 && length <= capacity &- tail)
    tail &+= length
  }

  @inlinable
  public mutating func append(_ bytes: ByteView) {
    if bytes.count == 0 { return }
    memcpy(reserve(bytes.count), bytes.start, bytes.count)
    tail &+= bytes.count
  }

  @inlinable
  public mutating func append(_ literal: StaticString) { append(ByteView(literal)) }

  @inlinable
  public mutating func append(byte: UInt8) {
    reserve(1).pointee = byte
    tail &+= 1
  }

  /// Takes `length` bytes off the front; the memory goes back to the pool with the last one.
  @inlinable
  public mutating func consume(_ length: Int) {
    precondition(length >= 0 && length <= tail &- head)
    head &+= length
    if head == tail { releaseStorage() }
  }

  public mutating func removeAll() {
    head = tail
    releaseStorage()
  }

  @usableFromInline
  mutating func releaseStorage() {
    guard let storage else { return }
    pool.giveBack(storage, capacity: capacity)
    self.storage = nil
    capacity = 0
    head = 0
    tail = 0
  }

  @usableFromInline
  mutating func grow(by length: Int) -> UnsafeMutablePointer<UInt8> {
    precondition(length >= 0)
    let needed = count + length
    if let storage, needed <= capacity, head >= capacity / 2 {
      memmove(storage, storage + head, count)
      tail -= head
      head = 0
      return (storage + tail).assumingMemoryBound(to: UInt8.self)
    }
    var newCapacity = max(BlockPool.blockSize, capacity)
    while newCapacity < needed { newCapacity *= 2 }
    if newCapacity == capacity { newCapacity *= 2 }
    let block = pool.borrow(capacity: newCapacity)
    let waiting = count
    if let storage {
      memcpy(block, storage + head, waiting)
      pool.giveBack(storage, capacity: capacity)
    }
    storage = block
    capacity = newCapacity
    head = 0
    tail = waiting
    return (block + tail).assumingMemoryBound(to: UInt8.self)
  }
}
