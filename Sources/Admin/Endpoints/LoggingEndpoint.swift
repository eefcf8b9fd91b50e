import Telemetry

/// /logging: shows the loggers' levels after changing what is asked.
enum LoggingEndpoint {
  private struct Refusal: Error {
    let text: String
  }

  private static let usage = """

    usage: /logging?<name>=<level> (change single level)
    usage: /logging?paths=name1:level1,name2:level2,... (change multiple levels)
    usage: /logging?level=<level> (change all levels)
    usage: /logging?group=<group_name>:<level> (change group of loggers)
    levels: trace debug info warning error critical off\u{20}

    """

  static func respond(_ request: AdminRequest, _ target: any AdminTarget) -> AdminResponse {
    var text = ""
    var status = 200
    do throws(Refusal) {
      try change(request.distinctParameters, target.log)
    } catch {
      text = "error: \(error.text)\n" + usage
      status = 400
    }
    text += "active loggers:\n"
    for logger in target.log.levels {
      text += "  \(logger.name): \(logger.level.name)\n"
    }
    return AdminResponse(text + "\n", status: status)
  }

  private static func change(_ parameters: [(name: String, value: String)], _ log: ProcessLog) throws(Refusal) {
    guard parameters.count <= 1 else { throw Refusal(text: "invalid number of parameters") }
    guard let parameter = parameters.first, !parameter.value.isEmpty else { return }
    switch parameter.name {
    case "level": log.setLevel(try level(parameter.value))
    case "group": throw Refusal(text: "group parameter requires fine-grain logging to be enabled")
    case "paths": try set(try pairs(parameter.value), log)
    default: try set([(parameter.name, try level(parameter.value))], log)
    }
  }

  /// All or nothing.
  private static func set(_ levels: [(name: String, level: LogLevel)], _ log: ProcessLog) throws(Refusal) {
    let known = Set(log.levels.map(\.name))
    guard levels.allSatisfy({ known.contains($0.name) }) else { throw Refusal(text: "unknown logger name") }
    for (name, level) in levels { _ = log.setLevel(level, of: name) }
  }

  private static func pairs(_ text: String) throws(Refusal) -> [(name: String, level: LogLevel)] {
    var pairs: [(name: String, level: LogLevel)] = []
    for part in text.split(separator: ",") {
      let pair = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, !pair[0].isEmpty, !pair[1].isEmpty else {
        throw Refusal(text: "empty logger name or empty logger level")
      }
      pairs.append((String(pair[0]), try level(String(pair[1]))))
    }
    return pairs
  }

  private static func level(_ name: String) throws(Refusal) -> LogLevel {
    guard let level = LogLevel(name) else { throw Refusal(text: "unknown logger level") }
    return level
  }
}
