/// A moment as the calendar tells it, in UTC (proleptic Gregorian).
package struct CivilTime: Equatable, Sendable {
  package let year: Int
  /// 1 to 12.
  package let month: Int
  /// 1 to 31.
  package let day: Int
  package let hour: Int
  package let minute: Int
  package let second: Int
  /// 0 is Sunday.
  package let weekday: Int

  package init(secondsSinceEpoch: Int64) {
    let total = Int(secondsSinceEpoch)
    let days = total >= 0 ? total / 86_400 : -((86_399 - total) / 86_400)
    let rest = total - days * 86_400
    hour = rest / 3600
    minute = rest % 3600 / 60
    second = rest % 60
    weekday = (((days + 4) % 7) + 7) % 7
    // Days from 0000-03-01 in eras of 400 years, so that leap days come last (Hinnant, "chrono-compatible algorithms").
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// "2026-11-21".
  package var date: String { [year, month, day].map(Self.twoDigits).joined(separator: "-") }

  /// "05:40:00".
  package var timeOfDay: String { [hour, minute, second].map(Self.twoDigits).joined(separator: ":") }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
