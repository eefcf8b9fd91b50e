import Reactor

/// A decimal integer as absl::SimpleAtoi takes it, with which Envoy reads numbers in headers: space around it and a sign
/// are allowed.
func signedDecimal(_ text: ByteView) -> Int64? {
  var digits = spaceTrimmed(text)
  let negative = digits.first == UInt8(ascii: "-")
  if negative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst(1) }
  if digits.isEmpty { return nil }
  var value: Int64 = 0
  for index in 0..<digits.count {
    let digit = Int64(digits[index]) - 0x30
    guard digit >= 0, digit <= 9 else { return nil }
    let (product, overflow) = value.multipliedReportingOverflow(by: 10)
    let (sum, carry) = product.subtractingReportingOverflow(digit)
    if overflow || carry { return nil }
    value = sum
  }
  if negative { return value }
  return value == .min ? nil : -value
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0d }

/// The same for numbers without a sign, up to `UInt64.max`.
func unsignedDecimal(_ text: ByteView) -> UInt64? {
  var digits = spaceTrimmed(text)
  if digits.first == UInt8(ascii: "+") { digits = digits.dropFirst(1) }
  if digits.isEmpty { return nil }
  var value: UInt64 = 0
  for index in 0..<digits.count {
    let (digit, borrow) = digits[index].subtractingReportingOverflow(0x30)
    guard !borrow, digit <= 9 else { return nil }
    let (product, overflow) = value.multipliedReportingOverflow(by: 10)
    let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
    if overflow || carry { return nil }
    value = sum
  }
  return value
}

private func spaceTrimmed(_ text: ByteView) -> ByteView {
  var trimmed = text
  while let first = trimmed.first, isSpace(first) { trimmed = trimmed.dropFirst(1) }
  while trimmed.count > 0, isSpace(trimmed[trimmed.count - 1]) { trimmed = trimmed.prefix(trimmed.count - 1) }
  return trimmed
}

extension ByteView {
  var first: UInt8? { isEmpty ? nil : self[0] }
}
