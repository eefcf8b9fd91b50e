import Glibc

/// Numbers as Envoy prints them.
package enum NumberText {
  /// The shortest digits that read back as the same number, in fixed or scientific notation, whichever is shorter: 0.5,
  /// 1800000, 3e+05, 1e+20. "null" for what JSON cannot say.
  package static func shortest(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    let fixed = fixed(value)
    let scientific = scientific(value)
    return fixed.utf8.count <= scientific.utf8.count ? fixed : scientific
  }

  /// The shortest digits, never in scientific notation.
  package static func fixed(_ value: Double) -> String {
    let (digits, exponent) = decimal(value)
    let sign = value.sign == .minus && value != 0 ? "-" : ""
    if exponent <= 0 {
      return sign + "0." + String(repeating: "0", count: -exponent) + digits
    }
    if exponent >= digits.count {
      return sign + digits + String(repeating: "0", count: exponent - digits.count)
    }
    return sign + digits.prefix(exponent) + "." + digits.dropFirst(exponent)
  }

  private static func scientific(_ value: Double) -> String {
    let (digits, exponent) = decimal(value)
    let sign = value.sign == .minus && value != 0 ? "-" : ""
    let power = exponent - 1
    let magnitude = power.magnitude < 10 ? "0\(power.magnitude)" : "\(power.magnitude)"
    let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
    return sign + digits.prefix(1) + fraction + "e" + (power < 0 ? "-" : "+") + magnitude
  }

  /// Significant digits without zeros at their ends, and where the point stands among them: 0.05 is ("5", -1).
  private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
    guard value != 0 else { return ("0", 1) }
    let text = "\(value.magnitude)".split(separator: "e")
    let parts = text[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = parts[0]
    let all = whole + (parts.count > 1 ? parts[1] : "")
    let leading = all.prefix { $0 == "0" }.count
    let power = text.count > 1 ? Int(text[1]) ?? 0 : 0
    var digits = all.dropFirst(leading)
    while digits.count > 1, digits.hasSuffix("0") { digits = digits.dropLast() }
    return (String(digits), whole.count + power - leading)
  }

  /// As C's printf does with `%.{precision}g`.
  package static func significant(_ value: Double, precision: Int32) -> String {
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer -> String in
      let length = withVaList([precision, value]) { vsnprintf(buffer.baseAddress, buffer.count, "%.*g", $0) }
      return String(decoding: buffer.prefix(Int(max(0, length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return text
  }
}
