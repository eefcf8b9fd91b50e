import Reactor

/// The steps of the parser, eight bytes at a time: a byte that fits a question gets its highest bit set in a mask, and
/// the lowest bit of the mask tells the first such byte (the bits above it may lie). Loads are checked against the end.
extension ByteView {
  static let spread: UInt64 = 0x0101_0101_0101_0101
  static let highBits: UInt64 = 0x8080_8080_8080_8080

  /// The eight bytes from `index` on as a little-endian word, zeros beyond the end.
  @inline(__always)
  func word(at index: Int) -> UInt64 {
    precondition(index >= 0)
    return following(index)
  }

  /// The first byte from `index` on that may not stand in a field value (RFC 9110 §5.5): a control character other than
  /// a tab. Returns `count` where there is none.
  @inline(__always)
  func endOfValue(from index: Int) -> Int {
    precondition(index >= 0)
    var index = index
    while true {
      let word = following(index)
      let found = Self.below(0x20, word) | Self.equal(0x7f, word)
      if found == 0 {
        index &+= 8
        continue
      }
      index &+= found.trailingZeroBitCount &>> 3
      if index >= count { return count }
      if start[index] != 0x09 { return index }
      index &+= 1
    }
  }

  /// The first byte from `index` on that is a colon, a space or a control character, or `count`.
  @inline(__always)
  func endOfName(from index: Int) -> Int {
    precondition(index >= 0)
    var index = index
    while true {
      let word = following(index)
      let found = Self.below(0x21, word) | Self.equal(0x3a, word)
      if found != 0 { return min(index &+ found.trailingZeroBitCount &>> 3, count) }
      index &+= 8
    }
  }

  /// The first byte from `index` on that may not stand in a request target: space, control character, not ASCII; or
  /// `count`.
  @inline(__always)
  func endOfTarget(from index: Int) -> Int {
    precondition(index >= 0)
    var index = index
    while true {
      let word = following(index)
      let found = Self.below(0x21, word) | Self.equal(0x7f, word) | (word & Self.highBits)
      if found != 0 { return min(index &+ found.trailingZeroBitCount &>> 3, count) }
      index &+= 8
    }
  }

  @inline(__always)
  private static func below(_ limit: UInt64, _ word: UInt64) -> UInt64 {
    (word &- spread &* limit) & ~word & highBits
  }

  @inline(__always)
  private static func equal(_ byte: UInt64, _ word: UInt64) -> UInt64 {
    let difference = word ^ (spread &* byte)
    return (difference &- spread) & ~difference & highBits
  }

  /// As ``word(at:)`` where the index is known not to be negative.
  @inline(__always)
  private func following(_ index: Int) -> UInt64 {
    if index &+ 8 <= count { return load(index) }
    return lastWord(at: index)
  }

  @inline(__always)
  private func load(_ index: Int) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(start + index).loadUnaligned(as: UInt64.self))
  }

  private func lastWord(at index: Int) -> UInt64 {
    if index >= count { return 0 }
    if count >= 8 { return load(count &- 8) >> UInt64(8 &* (8 &- (count &- index))) }
    var word: UInt64 = 0
    var shift: UInt64 = 0
    for position in index..<count {
      word |= UInt64(self[position]) << shift
      shift += 8
    }
    return word
  }
}
