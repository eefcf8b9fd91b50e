import EnvoyConfig
import HTTP
import Reactor

/// A compiled `envoy.config.route.v3.HeaderMatcher`.
struct HeaderMatcher: Sendable, BitwiseCopyable {
  private enum Specifier: Sendable, BitwiseCopyable {
    case present(Bool)
    case range(start: Int64, end: Int64)
    case string(StringMatcher)
  }

  private let name: HeaderField
  private let specifier: Specifier
  private let invertMatch: Bool
  private let treatMissingHeaderAsEmpty: Bool

  init(_ config: EnvoyConfig.HeaderMatcher, arena: RouteArena) {
    name = HeaderField(config.name, arena: arena)
    invertMatch = config.invertMatch
    treatMissingHeaderAsEmpty = config.treatMissingHeaderAsEmpty
    switch config.specifier {
    case .present(let wanted): specifier = .present(wanted)
    case .range(let range): specifier = .range(start: range.start, end: range.end)
    case .string(let matcher): specifier = .string(StringMatcher(matcher, arena: arena))
    }
  }

  /// A field that comes more than once is matched as one, its values joined by commas in `scratch`, which
  /// is left empty.
  func matches(_ headers: HeaderMap, scratch: inout ByteQueue) -> Bool {
    guard let first = name.nextIndex(in: headers, from: 0) else {
      if case .present(let wanted) = specifier {
        return treatMissingHeaderAsEmpty == wanted ? !invertMatch : invertMatch
      }
      // As Envoy: an absent field matches no value, and no inverted one either.
      return treatMissingHeaderAsEmpty && matches(value: .empty) != invertMatch
    }
    if case .present(let wanted) = specifier { return wanted != invertMatch }
    guard let second = name.nextIndex(in: headers, from: first + 1) else {
      return matches(value: headers.value(at: first)) != invertMatch
    }
    scratch.removeAll()
    scratch.append(headers.value(at: first))
    var next: Int? = second
    while let index = next {
      scratch.append(byte: UInt8(ascii: ","))
      scratch.append(headers.value(at: index))
      next = name.nextIndex(in: headers, from: index + 1)
    }
    let matched = matches(value: scratch.view) != invertMatch
    scratch.removeAll()
    return matched
  }

  private func matches(value: ByteView) -> Bool {
    switch specifier {
    case .present(let wanted): return wanted
    case .range(let start, let end):
      guard let number = signedDecimal(value) else { return false }
      return number >= start && number < end
    case .string(let matcher): return matcher.matches(value)
    }
  }
}

/// A decimal integer as absl::SimpleAtoi takes it, with which Envoy reads numbers in headers: space around it and a sign
/// are allowed.
func signedDecimal(_ text: ByteView) -> Int64? {
  var digits = text
  while let first = digits.first, isSpace(first) { digits = digits.dropFirst(1) }
  while digits.count > 0, isSpace(digits[digits.count - 1]) { digits = digits.prefix(digits.count - 1) }
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

extension ByteView {
  var first: UInt8? { isEmpty ? nil : self[0] }
}
