import Glibc

/// A compiled strftime-like format in UTC, with Envoy's additions: %s seconds since 1970, %f and %1f to %9f the fraction
/// of the second, %E3S and %E*S seconds with a fraction.
package struct TimeFormat: Sendable, Equatable {
  enum Part: Sendable, Equatable {
    case literal([UInt8])
    /// Handed to strftime(3), with its closing zero.
    case calendar([CChar])
    case epochSeconds
    /// So many digits of the fraction of the second.
    case fraction(digits: Int)
    /// The seconds with so many digits after the point; as many as needed for nil.
    case seconds(digits: Int?)
  }

  /// Empty for Envoy's default, `%Y-%m-%dT%H:%M:%E3SZ`.
  let parts: [Part]

  package init(_ format: String) {
    var reader = Reader(format: Array(format.utf8))
    parts = reader.parts()
  }

  package func append(_ nanoseconds: Int64, to output: inout TextBuffer) {
    guard !parts.isEmpty else { return Self.appendDefault(nanoseconds, to: &output) }
    let (seconds, fraction) = Self.split(nanoseconds)
    var calendar = tm()
    var time = time_t(seconds)
    gmtime_r(&time, &calendar)
    for part in parts {
      switch part {
      case .literal(let bytes): output.append(bytes)
      case .calendar(let format): Self.append(format, &calendar, to: &output)
      case .epochSeconds: output.append(decimal: seconds)
      case .fraction(let digits): Self.appendFraction(fraction, digits: digits, to: &output)
      case .seconds(let digits): Self.appendSeconds(Int(calendar.tm_sec), fraction, digits, to: &output)
      }
    }
  }

  private static func split(_ nanoseconds: Int64) -> (seconds: Int, fraction: UInt64) {
    let billion: Int64 = 1_000_000_000
    let fraction = ((nanoseconds % billion) + billion) % billion
    return (Int((nanoseconds - fraction) / billion), UInt64(fraction))
  }

  private static func append(_ format: [CChar], _ calendar: inout tm, to output: inout TextBuffer) {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      let length = strftime(text.baseAddress, text.count, format, &calendar)
      for byte in text.prefix(length) { output.append(byte: UInt8(bitPattern: byte)) }
    }
  }

  private static func appendFraction(_ nanoseconds: UInt64, digits: Int, to output: inout TextBuffer) {
    var value = nanoseconds
    for _ in digits..<9 { value /= 10 }
    output.append(digits: value, atLeast: digits)
  }

  private static func appendSeconds(
    _ seconds: Int, _ fraction: UInt64, _ digits: Int?, to output: inout TextBuffer
  ) {
    output.append(digits: UInt64(seconds), atLeast: 2)
    var needed = digits ?? 9
    if digits == nil {
      var value = fraction
      while needed > 0, value % 10 == 0 {
        value /= 10
        needed -= 1
      }
    }
    guard needed > 0 else { return }
    output.append(byte: 0x2e)
    appendFraction(fraction, digits: needed, to: &output)
  }

  /// 2026-11-21T02:42:28.407Z, by arithmetic alone (days to civil date after the Gregorian rules).
  static func appendDefault(_ nanoseconds: Int64, to output: inout TextBuffer) {
    let (seconds, fraction) = split(nanoseconds)
    let secondOfDay = (seconds % 86_400 + 86_400) % 86_400
    let (year, month, day) = civilDate(days: (seconds - secondOfDay) / 86_400)
    output.append(digits: UInt64(max(0, year)), atLeast: 4)
    output.append(byte: 0x2d)
    output.append(digits: UInt64(month), atLeast: 2)
    output.append(byte: 0x2d)
    output.append(digits: UInt64(day), atLeast: 2)
    output.append(byte: 0x54)
    output.append(digits: UInt64(secondOfDay / 3600), atLeast: 2)
    output.append(byte: 0x3a)
    output.append(digits: UInt64(secondOfDay / 60 % 60), atLeast: 2)
    output.append(byte: 0x3a)
    appendSeconds(secondOfDay % 60, fraction, 3, to: &output)
    output.append(byte: 0x5a)
  }

  /// Years are counted from March, so that the leap day is a year's last; an era is the 400 years after which all repeats.
  private static func civilDate(days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}

extension TimeFormat {
  /// Cuts a format into its parts.
  private struct Reader {
    let format: [UInt8]
    private var offset = 0

    init(format: [UInt8]) {
      self.format = format
    }

    mutating func parts() -> [Part] {
      var parts: [Part] = []
      var calendar: [UInt8] = []
      while offset < format.count {
        if let special = special() {
          Self.close(&calendar, into: &parts)
          parts.append(special)
        } else if format[offset] == 0x25, offset + 1 < format.count {
          calendar += format[offset...offset + 1]
          offset += 2
        } else {
          calendar += format[offset] == 0x25 ? [0x25, 0x25] : [format[offset]]
          offset += 1
        }
      }
      Self.close(&calendar, into: &parts)
      return parts
    }

    private static func close(_ calendar: inout [UInt8], into parts: inout [Part]) {
      guard !calendar.isEmpty else { return }
      if calendar.contains(0x25) {
        parts.append(.calendar(calendar.map { CChar(bitPattern: $0) } + [0]))
      } else {
        parts.append(.literal(calendar))
      }
      calendar = []
    }

    /// A conversion that strftime does not know, or knows otherwise.
    private mutating func special() -> Part? {
      guard format[offset] == 0x25 else { return nil }
      var cursor = offset + 1
      let extended = byte(at: cursor) == 0x45
      if extended { cursor += 1 }
      var digits: Int?
      let star = extended && byte(at: cursor) == 0x2a
      if star {
        cursor += 1
      } else if let digit = byte(at: cursor), digit >= 0x30, digit <= 0x39 {
        digits = Int(digit) - 0x30
        cursor += 1
      }
      guard let conversion = byte(at: cursor), let part = Self.part(conversion, digits, extended: extended, star: star)
      else { return nil }
      offset = cursor + 1
      return part
    }

    private static func part(_ conversion: UInt8, _ digits: Int?, extended: Bool, star: Bool) -> Part? {
      switch (conversion, extended, digits) {
      case (0x73, false, _): .epochSeconds
      case (0x66, _, _): .fraction(digits: min(9, max(1, digits ?? 9)))
      case (0x53, true, let digits?): .seconds(digits: digits)
      case (0x53, true, nil) where star: .seconds(digits: nil)
      case (0x59, true, _): .calendar([0x25, 0x59, 0])
      case (0x54, true, nil): .literal([0x54])
      case (0x7a, true, nil): .literal(Array((star ? "+00:00:00" : "+00:00").utf8))
      case (0x5a, false, nil): .literal(Array("UTC".utf8))
      default: nil
      }
    }

    private func byte(at index: Int) -> UInt8? {
      index < format.count ? format[index] : nil
    }
  }
}
