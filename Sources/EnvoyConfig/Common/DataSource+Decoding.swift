import Glibc

extension DataSource: ConfigMessage {
  static let typeName = "envoy.config.core.v3.DataSource"
  /// The most that is read from a file for a body or a format.
  private static let maximumByteCount = 1 << 20

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.unsupportedUnlessEmpty("watched_directory")
    let choice = reader.oneof(
      "specifier", isRequired: true, of: "filename", "inline_bytes", "inline_string", "environment_variable")
    switch choice {
    case "filename": readFile(&reader)
    case "inline_bytes": readInlineBytes(&reader)
    case "inline_string": bytes = Array(reader.chosenString("inline_string").utf8)
    case "environment_variable": readEnvironment(&reader)
    default: break
    }
  }

  private mutating func readInlineBytes(_ reader: inout MessageReader) {
    specifier = .inlineBytes
    let text = Array(reader.chosenString("inline_bytes").utf8)
    guard let decoded = ScalarText.base64(text[...]) else {
      return reader.report("inline_bytes", "is not base64", allowed: "bytes in base64 are allowed")
    }
    bytes = decoded
  }

  private mutating func readFile(_ reader: inout MessageReader) {
    let path = reader.chosenString("filename", minLength: 1)
    specifier = .filename(path)
    guard !path.isEmpty else { return }
    switch FileText.read(path, limit: Self.maximumByteCount, isRegularOnly: true) {
    case .success(let text): bytes = text
    case .failure(let problem): reader.report("filename", problem.problem, allowed: problem.allowed)
    }
  }

  private mutating func readEnvironment(_ reader: inout MessageReader) {
    let name = reader.chosenString("environment_variable", minLength: 1)
    specifier = .environmentVariable(name)
    guard !name.isEmpty else { return }
    guard let value = getenv(name) else {
      return reader.report("environment_variable", "\(name) is not set", allowed: "a variable that is set is allowed")
    }
    bytes = Array(String(cString: value).utf8)
  }
}
