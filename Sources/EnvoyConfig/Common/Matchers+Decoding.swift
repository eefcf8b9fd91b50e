/// `envoy.type.matcher.v3.RegexMatcher`.
struct RegexMatcher: ConfigMessage {
  static let typeName = "envoy.type.matcher.v3.RegexMatcher"
  /// What Envoy's `re2.max_program_size.error_level` is by default.
  static let maximumProgramSize: UInt32 = 100

  /// nil after an error.
  private(set) var regex: SafeRegex?

  init(from reader: inout MessageReader) {
    var engine: GoogleRE2?
    var pattern = ""
    reader.message("google_re2", &engine)
    reader.string("regex", &pattern, minLength: 1)
    guard !pattern.isEmpty else { return }
    do throws(SafeRegex.CompileError) {
      let regex = try SafeRegex(pattern)
      let limit = engine?.maxProgramSize ?? Self.maximumProgramSize
      if regex.programSize > Int(limit) {
        reader.report(
          "regex", "has an RE2 program of size \(regex.programSize)", allowed: "a size of at most \(limit) is allowed")
      }
      self.regex = regex
    } catch {
      reader.report("regex", error.text, allowed: "RE2's syntax is allowed")
    }
  }

  /// `RegexMatcher.GoogleRE2`.
  struct GoogleRE2: ConfigMessage {
    static let typeName = "envoy.type.matcher.v3.RegexMatcher.GoogleRE2"
    var maxProgramSize: UInt32?

    init(from reader: inout MessageReader) {
      reader.integer("max_program_size", &maxProgramSize)
    }
  }
}

/// `envoy.type.matcher.v3.RegexMatchAndSubstitute`.
struct RegexMatchAndSubstituteReader: ConfigMessage {
  static let typeName = "envoy.type.matcher.v3.RegexMatchAndSubstitute"
  private(set) var value: RegexMatchAndSubstitute?

  init(from reader: inout MessageReader) {
    var pattern: RegexMatcher?
    var substitution = ""
    reader.message("pattern", &pattern, isRequired: true)
    reader.string("substitution", &substitution, rule: .header)
    value = pattern?.regex.map { RegexMatchAndSubstitute(pattern: $0, substitution: substitution) }
  }
}

extension MessageReader {
  mutating func regex(_ name: StaticString) -> SafeRegex? {
    guard let index = find(name) else { return nil }
    return context.decode(RegexMatcher.self, at: index).regex
  }

  mutating func regexMatchAndSubstitute(_ name: StaticString) -> RegexMatchAndSubstitute? {
    guard let index = find(name) else { return nil }
    return context.decode(RegexMatchAndSubstituteReader.self, at: index).value
  }

  /// A string that a oneof has chosen.
  mutating func chosenString(_ name: StaticString, minLength: Int = 0, rule: StringRule = .any) -> String {
    find(name).flatMap { context.string(at: $0, minLength: minLength, rule: rule) } ?? ""
  }
}

extension StringMatcher: ConfigMessage {
  static let typeName = "envoy.type.matcher.v3.StringMatcher"

  init(from reader: inout MessageReader) {
    reader.bool("ignore_case", &ignoreCase)
    let choice = reader.oneof(
      "match_pattern", isRequired: true, of: "exact", "prefix", "suffix", "safe_regex", "contains",
      unsupported: ["custom"])
    switch choice {
    case "exact": matchPattern = .exact(reader.chosenString("exact"))
    case "prefix": matchPattern = .prefix(reader.chosenString("prefix", minLength: 1))
    case "suffix": matchPattern = .suffix(reader.chosenString("suffix", minLength: 1))
    case "contains": matchPattern = .contains(reader.chosenString("contains", minLength: 1))
    case "safe_regex":
      if let regex = reader.regex("safe_regex") { matchPattern = .safeRegex(regex) }
      if ignoreCase {
        reader.report("ignore_case", "has no effect for safe_regex", allowed: "write (?i) into the regex")
      }
    default: break
    }
  }
}

extension HeaderMatcher: ConfigMessage {
  static let typeName = "envoy.config.route.v3.HeaderMatcher"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("name", &name, minLength: 1, rule: .header)
    reader.bool("invert_match", &invertMatch)
    reader.bool("treat_missing_header_as_empty", &treatMissingHeaderAsEmpty)
    let choice = reader.oneof(
      "header_match_specifier", of: "exact_match", "safe_regex_match", "range_match", "present_match", "prefix_match",
      "suffix_match", "contains_match", "string_match")
    if let choice, let specifier = Self.specifier(choice, &reader) { self.specifier = specifier }
  }

  private static func specifier(_ choice: String, _ reader: inout MessageReader) -> Specifier? {
    switch choice {
    case "exact_match": .string(StringMatcher(.exact(reader.chosenString("exact_match"))))
    case "prefix_match": .string(StringMatcher(.prefix(reader.chosenString("prefix_match", minLength: 1))))
    case "suffix_match": .string(StringMatcher(.suffix(reader.chosenString("suffix_match", minLength: 1))))
    case "contains_match": .string(StringMatcher(.contains(reader.chosenString("contains_match", minLength: 1))))
    case "safe_regex_match": reader.regex("safe_regex_match").map { .string(StringMatcher(.safeRegex($0))) }
    case "range_match": reader.find("range_match").map { .range(reader.context.decode(at: $0)) }
    case "present_match": .present(reader.find("present_match").flatMap { reader.context.bool(at: $0) } ?? true)
    default: reader.find("string_match").map { .string(reader.context.decode(at: $0)) }
    }
  }
}

extension QueryParameterMatcher: ConfigMessage {
  static let typeName = "envoy.config.route.v3.QueryParameterMatcher"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    reader.string("name", &name, minLength: 1, maxBytes: 1024)
    switch reader.oneof("query_parameter_match_specifier", of: "string_match", "present_match") {
    case "string_match":
      if let index = reader.find("string_match") { specifier = .string(reader.context.decode(at: index)) }
    case "present_match":
      if let index = reader.find("present_match") { specifier = .present(reader.context.bool(at: index) ?? true) }
    default: break
    }
  }
}
