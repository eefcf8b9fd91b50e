import Reactor

/// Times as people read them.
enum CATime {
  static var now: Int64 { Clock.system.wallNanoseconds / 1_000_000_000 }

  /// "2026-11-21 05:40:00 UTC".
  static func text(_ secondsSinceEpoch: Int64) -> String {
    let time = CivilTime(secondsSinceEpoch: secondsSinceEpoch)
    return "\(time.date) \(time.timeOfDay) UTC"
  }

  /// "in 23 h 58 min", "2 min ago".
  static func distance(_ secondsSinceEpoch: Int64, from now: Int64) -> String {
    secondsSinceEpoch >= now
      ? "in \(length(secondsSinceEpoch - now))" : "\(length(now - secondsSinceEpoch)) ago"
  }

  /// Two units at most: "364 d 23 h", "24 h", "45 s"; days from two on.
  static func length(_ seconds: Int64) -> String {
    let units: [(Int64, String)] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")]
    guard let first = units.firstIndex(where: { seconds >= $0.0 && ($0.1 != "d" || seconds >= 2 * $0.0) }) else {
      return "0 s"
    }
    let whole = "\(seconds / units[first].0) \(units[first].1)"
    guard let next = units[(first + 1)...].first else { return whole }
    let rest = seconds % units[first].0 / next.0
    return rest == 0 ? whole : "\(whole) \(rest) \(next.1)"
  }
}
