import Logging

/// Envoy's log levels.
package enum LogLevel: UInt8, CaseIterable, Comparable, Sendable {
  case trace, debug, info, warning, error, critical, off

  /// By Envoy's name, as /logging takes it; nil for any other.
  package init?(_ name: some StringProtocol) {
    guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = level
  }

  package var name: String { "\(self)" }

  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

  init(_ level: Logger.Level) {
    switch level {
    case .trace: self = .trace
    case .debug: self = .debug
    case .info, .notice: self = .info
    case .warning: self = .warning
    case .error: self = .error
    case .critical: self = .critical
    }
  }

  /// What swift-log asks before it makes a message. It knows no "off": the handler drops the critical ones then.
  var threshold: Logger.Level {
    switch self {
    case .trace: .trace
    case .debug: .debug
    case .info: .info
    case .warning: .warning
    case .error: .error
    case .critical, .off: .critical
    }
  }
}
