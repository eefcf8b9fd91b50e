extension AccessLog: ConfigMessage {
  static let typeName = "envoy.config.accesslog.v3.AccessLog"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("name", &name)
    if let index = reader.findDescribed("filter") {
      filter = reader.context.decode(AccessLogFilterReader.self, at: index).value
    }
    let kinds = [
      AnyKind(FileAccessLog.self) { ($0.sink, $0.format) },
      AnyKind(StdoutAccessLog.self) { ($0.sink, $0.format) },
      AnyKind(StderrAccessLog.self) { ($0.sink, $0.format) },
    ]
    guard let config = reader.any("typed_config", known: EnvoyExtensions.accessLoggers, kinds) else { return }
    (sink, format) = config
  }
}

/// `envoy.extensions.access_loggers.file.v3.FileAccessLog`.
struct FileAccessLog: ConfigMessage {
  static let typeName = "envoy.extensions.access_loggers.file.v3.FileAccessLog"
  private(set) var sink = AccessLog.Sink.file(path: "")
  private(set) var format: SubstitutionFormatString?

  init(from reader: inout MessageReader) {
    var path = ""
    reader.string("path", &path, minLength: 1)
    sink = .file(path: path)
    if !path.isEmpty, let problem = reader.context.checks.logPath(path) {
      reader.report("path", problem.problem, allowed: problem.allowed)
    }
    switch reader.oneof("access_log_format", of: "format", "json_format", "typed_json_format", "log_format") {
    case "format": format = Self.deprecatedText(&reader)
    case "json_format": format = Self.deprecatedJSON("json_format", &reader)
    case "typed_json_format": format = Self.deprecatedJSON("typed_json_format", &reader)
    case "log_format": format = reader.find("log_format").map { reader.context.decode(at: $0) }
    default: break
    }
  }

  /// An empty `format` is Envoy's default line.
  private static func deprecatedText(_ reader: inout MessageReader) -> SubstitutionFormatString? {
    let text = reader.chosenString("format")
    guard !text.isEmpty, let index = reader.find("format") ?? reader.key(of: "format").map({ $0 + 1 }) else {
      return nil
    }
    var format = SubstitutionFormatString()
    format.format = .text(text)
    format.origin = reader.context.document.location(of: index)
    reader.context.checkFormat(text, at: index)
    return format
  }

  private static func deprecatedJSON(_ name: StaticString, _ reader: inout MessageReader) -> SubstitutionFormatString? {
    guard let index = reader.find(name) else { return nil }
    return reader.context.jsonFormat(at: index)
  }
}

/// `envoy.extensions.access_loggers.stream.v3.StdoutAccessLog`.
struct StdoutAccessLog: ConfigMessage {
  static let typeName = "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog"
  let sink = AccessLog.Sink.stdout
  private(set) var format: SubstitutionFormatString?

  init(from reader: inout MessageReader) { reader.message("log_format", &format) }
}

/// `envoy.extensions.access_loggers.stream.v3.StderrAccessLog`.
struct StderrAccessLog: ConfigMessage {
  static let typeName = "envoy.extensions.access_loggers.stream.v3.StderrAccessLog"
  let sink = AccessLog.Sink.stderr
  private(set) var format: SubstitutionFormatString?

  init(from reader: inout MessageReader) { reader.message("log_format", &format) }
}

extension SubstitutionFormatString: ConfigMessage {
  static let typeName = "envoy.config.core.v3.SubstitutionFormatString"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    switch reader.oneof("format", isRequired: true, of: "text_format", "json_format", "text_format_source") {
    case "text_format": readText(&reader)
    case "json_format":
      if let index = reader.find("json_format") { format = reader.context.jsonFormat(at: index).format }
    case "text_format_source": readSource(&reader)
    default: break
    }
    reader.bool("omit_empty_values", &omitEmptyValues)
    // Of replies only.
    reader.withoutEffect(.string, "content_type")
    reader.unsupported("formatters")
    var options = JsonFormatOptions()
    reader.message("json_format_options", &options)
  }

  private mutating func readText(_ reader: inout MessageReader) {
    guard let index = reader.find("text_format"), let text = reader.context.string(at: index) else { return }
    format = .text(text)
    reader.context.checkFormat(text, at: index)
  }

  private mutating func readSource(_ reader: inout MessageReader) {
    guard let index = reader.find("text_format_source") else { return }
    let source: DataSource = reader.context.decode(at: index)
    let text = String(decoding: source.bytes, as: UTF8.self)
    format = .text(text)
    reader.context.checkFormat(text, at: index)
  }
}

/// `envoy.config.core.v3.JsonFormatOptions`. Keys are sorted always, as Envoy does.
struct JsonFormatOptions: ConfigMessage {
  static let typeName = "envoy.config.core.v3.JsonFormatOptions"

  init() {}
  init(from reader: inout MessageReader) { reader.withoutEffect(.bool, "sort_properties") }
}

extension MessageReader {
  /// A field whose reading is not one of the reader's own: it is described, and found.
  mutating func findDescribed(_ name: StaticString, default defaultValue: String = "none") -> Int? {
    describe(name, defaultValue)
    return find(name)
  }
}

extension DecodingContext {
  /// Lets the format check see a text, and notes what it says.
  func checkFormat(_ text: String, at index: Int) {
    guard let problem = checks.format(text) else { return }
    report(index, problem.problem, allowed: problem.allowed)
  }

  /// A JSON format, of which each string is a format of its own.
  func jsonFormat(at index: Int) -> SubstitutionFormatString {
    var format = SubstitutionFormatString()
    format.origin = document.location(of: index)
    guard document.nodes[index].kind == .object else {
      report(index, found(index), allowed: "an object is allowed")
      return format
    }
    for position in index..<Int(document.nodes[index].end) where document.nodes[position].kind == .string {
      checkFormat(document.text(of: position), at: position)
    }
    format.format = .json(structValue(at: index))
    return format
  }
}
