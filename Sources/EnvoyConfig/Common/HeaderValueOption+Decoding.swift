extension HeaderValueOption.HeaderAppendAction: ConfigEnum {
  static let values: [(name: StaticString, number: Int32, value: Self?)] = [
    ("APPEND_IF_EXISTS_OR_ADD", 0, .appendIfExistsOrAdd), ("ADD_IF_ABSENT", 1, .addIfAbsent),
    ("OVERWRITE_IF_EXISTS_OR_ADD", 2, .overwriteIfExistsOrAdd), ("OVERWRITE_IF_EXISTS", 3, .overwriteIfExists),
  ]
}

extension HeaderValueOption: ConfigMessage {
  static let typeName = "envoy.config.core.v3.HeaderValueOption"

  init(from reader: inout MessageReader) {
    origin = reader.origin
    var header: HeaderValue?
    var append: Bool?
    reader.message("header", &header, isRequired: true)
    reader.bool("append", &append)
    reader.enumeration("append_action", &appendAction)
    reader.bool("keep_empty_value", &keepEmptyValue)
    key = header?.key ?? ""
    value = header?.value ?? ""
    if let append {
      if appendAction != .appendIfExistsOrAdd {
        reader.report("append", "excludes append_action", allowed: "give one of them")
      }
      appendAction = append ? .appendIfExistsOrAdd : .overwriteIfExistsOrAdd
    }
  }
}

/// `envoy.config.core.v3.HeaderValue`.
struct HeaderValue: ConfigMessage {
  static let typeName = "envoy.config.core.v3.HeaderValue"
  private(set) var key = ""
  private(set) var value = ""

  init(from reader: inout MessageReader) {
    reader.string("key", &key, minLength: 1, rule: .header)
    reader.string("value", &value, rule: .header)
    reader.unsupported("raw_value")
    if Self.isProtected(key) {
      reader.report("key", "is \"\(key)\"", allowed: ":-prefixed or host headers may not be modified")
    }
    if value.utf8.contains(UInt8(ascii: "%")), let problem = reader.context.checks.format(value) {
      reader.report("value", problem.problem, allowed: problem.allowed)
    }
  }

  /// Headers that no mutation may touch.
  static func isProtected(_ name: String) -> Bool {
    name.utf8.first == UInt8(ascii: ":") || (name.utf8.count == 4 && name.lowercased() == "host")
  }
}

extension MessageReader {
  /// The four lists of header mutations. Envoy refuses empty names to remove everywhere but in a route configuration and a
  /// weighted cluster.
  mutating func headerMutations(_ headers: inout HeaderMutations, minNameLength: Int) {
    messages("request_headers_to_add", &headers.requestHeadersToAdd, maxItems: 1000)
    messages("response_headers_to_add", &headers.responseHeadersToAdd, maxItems: 1000)
    headers.requestHeadersToRemove = namesToRemove("request_headers_to_remove", minNameLength)
    headers.responseHeadersToRemove = namesToRemove("response_headers_to_remove", minNameLength)
  }

  /// Names of headers to take away, none of which may be protected.
  mutating func namesToRemove(_ field: StaticString, _ minNameLength: Int) -> [String] {
    elements(field).compactMap { index in
      guard let name = context.string(at: index, minLength: minNameLength, rule: .header) else { return nil }
      if HeaderValue.isProtected(name) {
        context.report(index, "is \"\(name)\"", allowed: ":-prefixed or host headers may not be removed")
      }
      return name
    }
  }
}
