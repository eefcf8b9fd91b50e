import Glibc
import Reactor

/// Bytes of a line being written, reused from line to line: a worker owns one and takes each access log line and each
/// formatted header value through it, so that writing them allocates nothing in the steady state.
///
/// Not bounded itself: what goes in is bounded by the limits on headers and by the format's length.
package struct TextBuffer: ~Copyable {
  /// What is kept between two lines; a larger buffer is given back.
  private static let keptCapacity = 64 << 10

  @usableFromInline var bytes: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity: Int
  package private(set) var count = 0

  package init(capacity: Int = 4096) {
    self.capacity = max(1, capacity)
    bytes = .allocate(capacity: self.capacity)
  }

  deinit {
    bytes.deallocate()
  }

  package var isEmpty: Bool { count == 0 }

  /// All bytes. Valid until the buffer changes.
  package var view: ByteView { ByteView(start: UnsafePointer(bytes), count: count) }

  package mutating func removeAll() {
    count = 0
    if capacity > Self.keptCapacity { resize(to: Self.keptCapacity) }
  }

  /// Takes away what stands at and behind `length`.
  package mutating func truncate(to length: Int) {
    precondition(length >= 0 && length <= count)
    count = length
  }

  package mutating func append(_ view: ByteView) {
    reserve(view.count)
    memcpy(bytes + count, view.start, view.count)
    count += view.count
  }

  package mutating func append(_ literal: StaticString) {
    append(ByteView(literal))
  }

  package mutating func append(_ text: String) { withBytes(text) { append($0) } }

  package mutating func append(_ list: [UInt8]) {
    list.withUnsafeBytes { append(ByteView($0)) }
  }

  package mutating func append(byte: UInt8) {
    reserve(1)
    bytes[count] = byte
    count += 1
  }

  package mutating func append(decimal value: Int) {
    if value < 0 { append(byte: 0x2d) }
    append(digits: UInt64(value.magnitude), atLeast: 1)
  }

  package mutating func append(decimal value: UInt64) {
    append(digits: value, atLeast: 1)
  }

  /// The number's digits, with zeros before it up to `width`, which is at most 20.
  package mutating func append(digits value: UInt64, atLeast width: Int) {
    let length = max(Self.digitCount(value), min(width, 20))
    reserve(length)
    var rest = value
    var position = count + length
    while position > count {
      position -= 1
      let quotient = rest / 10
      bytes[position] = UInt8(truncatingIfNeeded: 0x30 &+ (rest &- quotient &* 10))
      rest = quotient
    }
    count += length
  }

  private static func digitCount(_ value: UInt64) -> Int {
    var count = 1
    var rest = value
    while rest >= 10 {
      rest /= 10
      count += 1
    }
    return count
  }

  /// Puts `replacement` in place of each of the bytes from `start` on that equal `byte`.
  package mutating func replace(_ byte: UInt8, with replacement: UInt8, from start: Int) {
    for index in start..<count where bytes[index] == byte { bytes[index] = replacement }
  }

  /// A copy of the bytes from `start` on.
  func copy(from start: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: bytes + start, count: count - start))
  }

  package func view(from start: Int) -> ByteView {
    view.dropFirst(start)
  }

  @inline(__always)
  private mutating func reserve(_ length: Int) {
    if capacity - count < length { resize(to: max(capacity * 2, count + length)) }
  }

  private mutating func resize(to newCapacity: Int) {
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
    memcpy(larger, bytes, count)
    bytes.deallocate()
    bytes = larger
    capacity = newCapacity
  }
}
