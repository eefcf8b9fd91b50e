extension ByteQueue {
  /// Appends an integer in decimal digits.
  public mutating func append(decimal value: Int) {
    var magnitude = value.magnitude
    var digits: InlineArray<20, UInt8> = .init(repeating: 0)
    var first = 20
    repeat {
      first -= 1
      let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
      digits[first] = UInt8(truncatingIfNeeded: 0x30 &+ remainder)
      magnitude = quotient
    } while magnitude != 0
    let target = reserve(21)
    var length = 0
    if value < 0 {
      target[0] = 0x2d
      length = 1
    }
    while first < 20 {
      target[length] = digits[first]
      length += 1
      first += 1
    }
    commit(length)
  }

  /// Appends an unsigned integer in lower-case hexadecimal digits, without leading zeros.
  public mutating func append(hexadecimal value: UInt) {
    let digits = max(1, (UInt.bitWidth - value.leadingZeroBitCount + 3) / 4)
    let target = reserve(digits)
    for index in 0..<digits {
      let nibble = UInt8(truncatingIfNeeded: (value >> UInt(4 * (digits - 1 - index))) & 0xf)
      target[index] = nibble < 10 ? 0x30 &+ nibble : 0x57 &+ nibble
    }
    commit(digits)
  }
}
