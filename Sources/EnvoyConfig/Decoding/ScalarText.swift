/// Texts of scalars and what they mean; nil for what is not such a text. Nothing here can overflow or trap.
enum ScalarText {
  /// A whole number: digits, or a JSON number whose value is whole, as `5.0` and `1e3`.
  static func integer<Number: FixedWidthInteger>(_ text: ArraySlice<UInt8>) -> Number? {
    guard let first = text.first, text.count <= 40, first != UInt8(ascii: "+") else { return nil }
    if let number = digits(text, as: Number.self) { return number }
    guard let number = double(text), number.rounded(.towardZero) == number else { return nil }
    return Number(exactly: number)
  }

  private static func digits<Number: FixedWidthInteger>(_ text: ArraySlice<UInt8>, as: Number.Type) -> Number? {
    let isNegative = text.first == UInt8(ascii: "-")
    let digits = isNegative ? text.dropFirst() : text
    guard !digits.isEmpty else { return nil }
    var number: Number = 0
    for byte in digits {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (product, overflow) = number.multipliedReportingOverflow(by: 10)
      let digit = Number(truncatingIfNeeded: byte - UInt8(ascii: "0"))
      let (sum, carry) =
        isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      guard !overflow, !carry else { return nil }
      number = sum
    }
    return number
  }

  /// A finite number as JSON writes them.
  static func double(_ text: ArraySlice<UInt8>) -> Double? {
    guard let first = text.first, text.count <= 400 else { return nil }
    guard first == UInt8(ascii: "-") || (first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9")) else { return nil }
    let isPlain = text.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
        UInt8(ascii: "e"), UInt8(ascii: "E"):
        true
      default: false
      }
    }
    guard isPlain, let number = Double(String(decoding: text, as: UTF8.self)), number.isFinite else { return nil }
    return number
  }

  /// `google.protobuf.Duration` as JSON has it: seconds with up to nine digits of fraction, then `s`.
  static func duration(_ text: ArraySlice<UInt8>) -> Duration? {
    guard text.last == UInt8(ascii: "s"), text.count <= 40 else { return nil }
    let isNegative = text.first == UInt8(ascii: "-")
    let number = (isNegative ? text.dropFirst() : text).dropLast()
    let parts = number.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, whole.first != UInt8(ascii: "-"), let seconds = digits(whole, as: Int64.self),
      seconds <= 315_576_000_000
    else { return nil }
    var nanoseconds: Int64 = 0
    if parts.count == 2 {
      guard parts[1].count <= 9, parts[1].first != UInt8(ascii: "-"), let fraction = digits(parts[1], as: Int64.self)
      else { return nil }
      nanoseconds = fraction
      for _ in parts[1].count..<9 { nanoseconds *= 10 }
    }
    let duration = Duration.seconds(seconds) + .nanoseconds(nanoseconds)
    return isNegative ? .zero - duration : duration
  }

  /// A duration as `duration` reads it, as protobuf prints it: no fraction, or one of 3, 6 or 9 digits.
  static func seconds(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    if attoseconds == 0 { return "\(seconds)s" }
    let nanoseconds = "\(attoseconds.magnitude / 1_000_000_000)"
    var fraction = String(repeating: "0", count: max(0, 9 - nanoseconds.count)) + nanoseconds
    while fraction.hasSuffix("000") { fraction.removeLast(3) }
    return "\(attoseconds < 0 && seconds == 0 ? "-" : "")\(seconds).\(fraction)s"
  }

  /// A sentence that says what is allowed.
  static func allowed(_ values: [String]) -> String {
    (values.count == 1 ? "" : "one of ") + values.joined(separator: ", ") + " is allowed"
  }

  /// Base64 with the standard or the URL-safe alphabet, padding or not, as protobuf's JSON takes it.
  static func base64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var digits = text
    while digits.last == UInt8(ascii: "="), text.count - digits.count < 2 { digits.removeLast() }
    guard digits.count % 4 != 1, digits.count == text.count || text.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count * 3 / 4)
    var (bits, count): (UInt32, Int) = (0, 0)
    for byte in digits {
      guard let digit = base64Digit(byte) else { return nil }
      bits = bits << 6 | UInt32(digit)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }

  private static func base64Digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
