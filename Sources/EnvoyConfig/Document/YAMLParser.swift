import CYaml

/// Reads YAML through libyaml's events; `throws` at the first thing that is not YAML, or that JSON could not say.
struct YAMLParser {
  private var builder: DocumentBuilder
  /// Finished and unfinished anchors: the index of the anchored value; nil while it is still open.
  private var anchors: [String: Int?] = [:]
  /// Names of anchors on open objects and arrays, in step with them.
  private var openAnchors: [String?] = []
  /// Whether the next value of each open object is a key.
  private var expectsKey: [Bool] = []
  private var documentCount = 0

  private let text: [UInt8]

  private init(file: String, text: [UInt8]) {
    self.text = text
    builder = DocumentBuilder(file: file, bytes: [])
    builder.reserve(byteCount: text.count)
  }

  static func parse(file: String, bytes: [UInt8]) throws(ConfigError) -> DocumentBuilder {
    var reader = YAMLParser(file: file, text: bytes)
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else {
      throw ConfigError(
        location: reader.builder.location(.init(line: 1, column: 1)), path: "", problem: "out of memory")
    }
    defer { yaml_parser_delete(&parser) }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    let result: Result<Void, ConfigError> = bytes.withUnsafeBufferPointer { buffer in
      // libyaml asks for an address even when there is nothing to read.
      var nothing: UInt8 = 0
      return withUnsafePointer(to: &nothing) { nothing in
        yaml_parser_set_input_string(&parser, buffer.baseAddress ?? nothing, buffer.count)
        do throws(ConfigError) {
          try reader.readStream(&parser)
          return .success(())
        } catch {
          return .failure(error)
        }
      }
    }
    try result.get()
    guard reader.builder.count > 0 else {
      throw reader.builder.error(
        .init(line: 1, column: 1), "the text is empty", allowed: "an object is allowed")
    }
    return reader.builder
  }

  private mutating func readStream(_ parser: inout yaml_parser_t) throws(ConfigError) {
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(&parser, &event) == 1 else { throw syntaxError(parser) }
      defer { yaml_event_delete(&event) }
      if event.type == YAML_STREAM_END_EVENT { return }
      try read(event)
    }
  }

  private mutating func read(_ event: yaml_event_t) throws(ConfigError) {
    let place = Self.place(event.start_mark)
    switch event.type {
    case YAML_DOCUMENT_START_EVENT:
      documentCount += 1
      guard documentCount == 1 else {
        throw builder.error(place, "a second YAML document", allowed: "one document is allowed")
      }
    case YAML_MAPPING_START_EVENT:
      try begin(.object, anchor: string(event.data.mapping_start.anchor), at: place)
    case YAML_SEQUENCE_START_EVENT:
      try begin(.array, anchor: string(event.data.sequence_start.anchor), at: place)
    case YAML_MAPPING_END_EVENT, YAML_SEQUENCE_END_EVENT:
      end()
    case YAML_SCALAR_EVENT:
      try scalar(event.data.scalar, at: place)
    case YAML_ALIAS_EVENT:
      try alias(string(event.data.alias.anchor) ?? "", at: place)
    default:
      break
    }
  }

  private var isKeyNext: Bool { expectsKey.last ?? false }

  /// After a value or a key: the other is next.
  private mutating func turn() {
    if let last = expectsKey.indices.last, builder.isObjectOpen { expectsKey[last].toggle() }
  }

  private mutating func begin(
    _ kind: Document.Kind, anchor: String?, at place: DocumentBuilder.Place
  ) throws(ConfigError) {
    guard !isKeyNext else {
      throw builder.error(place, "a list or an object as a key", allowed: "a plain text is allowed as a key")
    }
    try builder.begin(kind, at: place)
    if let anchor { anchors[anchor] = .some(nil) }
    openAnchors.append(anchor)
    expectsKey.append(kind == .object)
  }

  private mutating func end() {
    let index = builder.end()
    expectsKey.removeLast()
    if let anchor = openAnchors.removeLast() { anchors[anchor] = index }
    turn()
  }

  private mutating func scalar(
    _ scalar: yaml_event_s.__Unnamed_union_data.__Unnamed_struct_scalar, at place: DocumentBuilder.Place
  ) throws(ConfigError) {
    let value = UnsafeBufferPointer(start: scalar.value, count: Int(scalar.length))
    let index = builder.count
    if isKeyNext {
      try builder.add(.key, text: builder.store(value), at: place)
    } else {
      let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
      let (kind, text) = YAMLScalar.resolve(value, isPlain: isPlain, tag: string(scalar.tag))
      try builder.add(kind, text: text.map { builder.store($0.utf8) } ?? builder.store(value), at: place)
    }
    if let anchor = string(scalar.anchor) { anchors[anchor] = index }
    turn()
  }

  private mutating func alias(_ name: String, at place: DocumentBuilder.Place) throws(ConfigError) {
    guard let anchor = anchors[name] else {
      throw builder.error(place, "no anchor &\(name) stands before this", allowed: "")
    }
    guard let index = anchor else {
      throw builder.error(place, "&\(name) contains itself", allowed: "")
    }
    try builder.copy(subtreeAt: index, asKey: isKeyNext, for: place)
    turn()
  }

  private func string(_ start: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    guard let start else { return nil }
    return String(cString: start)
  }

  private static func place(_ mark: yaml_mark_t) -> DocumentBuilder.Place {
    DocumentBuilder.Place(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
  }

  private func syntaxError(_ parser: yaml_parser_t) -> ConfigError {
    guard let problem = parser.problem else {
      return builder.error(.init(line: 1, column: 1), "libyaml ran out of memory")
    }
    var words = String(cString: problem)
    if let context = parser.context { words = String(cString: context) + ", " + words }
    if parser.error == YAML_READER_ERROR {
      return builder.error(place(ofByte: parser.problem_offset), "the text is not valid UTF-8: " + words)
    }
    return builder.error(Self.place(parser.problem_mark), words, allowed: "YAML is allowed")
  }

  /// libyaml tells where broken UTF-8 stands by its offset only.
  private func place(ofByte offset: Int) -> DocumentBuilder.Place {
    let before = text.prefix(max(0, offset))
    let line = before.lazy.filter { $0 == UInt8(ascii: "\n") }.count
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let column = before[lineStart...].lazy.filter { $0 & 0xC0 != 0x80 }.count
    return DocumentBuilder.Place(line: line + 1, column: column + 1)
  }
}
