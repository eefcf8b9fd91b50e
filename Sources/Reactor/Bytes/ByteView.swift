/// A borrowed run of bytes: valid only until the owner of the storage changes or ends, so never store one.
///
/// Indexing is checked in every build: what arrives from outside must not reach past its end.
@frozen
public struct ByteView {
  public let start: UnsafePointer<UInt8>
  public let count: Int

  @inlinable
  public init(start: UnsafePointer<UInt8>, count: Int) {
    precondition(count >= 0)
    self.start = start
    self.count = count
  }

  @inlinable
  public init(_ buffer: UnsafeRawBufferPointer) {
    if let base = buffer.baseAddress {
      self.init(start: base.assumingMemoryBound(to: UInt8.self), count: buffer.count)
    } else {
      self = .empty
    }
  }

  /// Bytes of a literal in the program: valid for ever.
  @inlinable
  public init(_ literal: StaticString) {
    self.init(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
  }

  @inlinable
  public static var empty: ByteView { ByteView("") }

  @inlinable
  public var isEmpty: Bool { count == 0 }

  @inlinable
  public subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < count)
    return start[index]
  }

  /// The part from `lower` up to, not including, `upper`.
  @inlinable
  public subscript(range: Range<Int>) -> ByteView {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    return ByteView(start: start + range.lowerBound, count: range.count)
  }

  @inlinable
  public func dropFirst(_ dropped: Int) -> ByteView { self[min(dropped, count)..<count] }

  @inlinable
  public func prefix(_ length: Int) -> ByteView { self[0..<min(length, count)] }

  @inlinable
  public var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
}
