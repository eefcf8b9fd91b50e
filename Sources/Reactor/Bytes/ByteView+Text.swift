import Glibc

extension ByteView {
  /// Whether both hold the same bytes.
  @inlinable
  public static func == (left: ByteView, right: ByteView) -> Bool {
    left.count == right.count && memcmp(left.start, right.start, left.count) == 0
  }

  @inlinable
  public static func == (left: ByteView, right: StaticString) -> Bool { left == ByteView(right) }

  @inlinable
  public static func != (left: ByteView, right: StaticString) -> Bool { !(left == ByteView(right)) }

  @inlinable
  public func hasPrefix(_ other: ByteView) -> Bool {
    count >= other.count && memcmp(start, other.start, other.count) == 0
  }

  @inlinable
  public func hasSuffix(_ other: ByteView) -> Bool {
    count >= other.count && memcmp(start + (count - other.count), other.start, other.count) == 0
  }

  /// Equality that ignores the case of ASCII letters, and of nothing else.
  public func equalsIgnoringCase(_ other: ByteView) -> Bool {
    guard count == other.count else { return false }
    for index in 0..<count where asciiLowercased(start[index]) != asciiLowercased(other.start[index]) { return false }
    return true
  }

  /// The index of the first `byte`, or nil.
  @inlinable
  public func firstIndex(of byte: UInt8) -> Int? {
    guard count > 0, let found = memchr(start, Int32(byte), count) else { return nil }
    return UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - start
  }

  public func lastIndex(of byte: UInt8) -> Int? {
    var index = count - 1
    while index >= 0 {
      if start[index] == byte { return index }
      index -= 1
    }
    return nil
  }

  /// Whether `other` stands somewhere in these bytes.
  public func contains(_ other: ByteView) -> Bool {
    if other.count == 0 { return true }
    var rest = self
    while rest.count >= other.count, let index = rest.firstIndex(of: other.start[0]) {
      rest = rest.dropFirst(index)
      if rest.hasPrefix(other) { return true }
      rest = rest.dropFirst(1)
    }
    return false
  }

  /// Without spaces and tabs at both ends (OWS of RFC 9110 §5.6.3).
  public var trimmed: ByteView {
    var lower = 0
    var upper = count
    while lower < upper, start[lower] == 0x20 || start[lower] == 0x09 { lower += 1 }
    while upper > lower, start[upper - 1] == 0x20 || start[upper - 1] == 0x09 { upper -= 1 }
    return self[lower..<upper]
  }

  /// An unsigned decimal number that is all of these bytes; nil for anything else and for more than 2^63 - 1.
  public var decimal: Int? {
    guard count > 0, count <= 19 else { return nil }
    var value = 0
    for index in 0..<count {
      let digit = Int(start[index]) - 0x30
      guard digit >= 0, digit <= 9 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(digit)
      if overflow || carry { return nil }
      value = sum
    }
    return value
  }

  /// A String of these bytes, broken UTF-8 replaced. It allocates: not for the way of a request.
  public var string: String { String(decoding: buffer, as: UTF8.self) }
}

/// Calls `body` with the text's bytes, which it must not keep.
@inlinable
public func withBytes<Result>(_ text: String, _ body: (ByteView) throws -> Result) rethrows -> Result {
  var text = text
  return try text.withUTF8 { try body(ByteView(UnsafeRawBufferPointer($0))) }
}

/// The byte with an ASCII upper-case letter made lower.
@inlinable
public func asciiLowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
