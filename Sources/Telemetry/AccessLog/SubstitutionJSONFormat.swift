import Reactor

/// A JSON value of a configuration's `json_format`.
package indirect enum SubstitutionJSON: Sendable, Equatable {
  case object([(key: String, value: SubstitutionJSON)])
  case array([SubstitutionJSON])
  case string(String)
  case number(Double)
  case bool(Bool)
  case null

  package static func == (left: SubstitutionJSON, right: SubstitutionJSON) -> Bool {
    switch (left, right) {
    case (.object(let left), .object(let right)):
      left.count == right.count && zip(left, right).allSatisfy { $0.key == $1.key && $0.value == $1.value }
    case (.array(let left), .array(let right)): left == right
    case (.string(let left), .string(let right)): left == right
    case (.number(let left), .number(let right)): left == right
    case (.bool(let left), .bool(let right)): left == right
    case (.null, .null): true
    default: false
    }
  }
}

/// A compiled `json_format`: one line of JSON, keys sorted. A string that is one operator gives its value as it is (a
/// number stays one, absent is null); one with more in it is text.
package struct SubstitutionJSONFormat: Sendable {
  private indirect enum Node: Sendable {
    /// Bytes of JSON, ready.
    case literal([UInt8])
    case null
    case value(SubstitutionOperator, maxLength: Int?, SubstitutionArena)
    /// The content of a string; its literals are escaped already.
    case text([SubstitutionFormat.Segment], SubstitutionArena)
    /// Keys are ready: `"key":`.
    case object([(key: [UInt8], value: Node)])
    case array([Node])
  }

  private let root: Node
  private let omitsEmptyValues: Bool

  /// - Parameters:
  ///   - omitEmptyValues: leaves out keys and elements whose value is absent, and objects that would be empty.
  ///   - identify: gives each lower-case header name the number that `SubstitutionHeader` carries.
  package init(
    _ format: SubstitutionJSON, omitEmptyValues: Bool = false, identify: @escaping (String) -> UInt8 = { _ in 0 }
  ) throws(SubstitutionFormatError) {
    omitsEmptyValues = omitEmptyValues
    root = try Self.compile(format, omitEmptyValues, identify)
  }

  /// Appends the line with its line end.
  package func append(_ values: some SubstitutionValues, to output: inout TextBuffer) {
    if !append(root, values, to: &output) { output.append("{}") }
    output.append(byte: 0x0a)
  }

  // MARK: Compiling

  private static func compile(
    _ format: SubstitutionJSON, _ omit: Bool, _ identify: @escaping (String) -> UInt8
  ) throws(SubstitutionFormatError) -> Node {
    switch format {
    case .object(let members):
      var nodes: [(key: [UInt8], value: Node)] = []
      for member in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
        let key = json { $0.append(jsonString: member.key) } + [0x3a]
        nodes.append((key, try compile(member.value, omit, identify)))
      }
      return .object(nodes)
    case .array(let elements):
      var nodes: [Node] = []
      for element in elements { nodes.append(try compile(element, omit, identify)) }
      return .array(nodes)
    case .string(let text): return try compile(text, omit, identify)
    case .number(let number): return .literal(Array(NumberText.shortest(number).utf8))
    case .bool(let value): return .literal(Array((value ? "true" : "false").utf8))
    case .null: return .null
    }
  }

  private static func compile(
    _ text: String, _ omit: Bool, _ identify: @escaping (String) -> UInt8
  ) throws(SubstitutionFormatError) -> Node {
    let format = try SubstitutionFormat(text, omitEmptyValues: omit, identify: identify)
    if format.segments.count == 1, case .value(let value, let maxLength) = format.segments[0] {
      return .value(value, maxLength: maxLength, format.arena)
    }
    let segments = format.segments.map { segment in
      guard case .literal(let bytes) = segment else { return segment }
      let quoted = json { $0.append(jsonString: bytes.view.string) }
      return .literal(format.arena.keep(Array(quoted.dropFirst().dropLast())))
    }
    return .text(segments, format.arena)
  }

  private static func json(_ fill: (inout TextBuffer) -> Void) -> [UInt8] {
    var buffer = TextBuffer()
    fill(&buffer)
    return buffer.copy(from: 0)
  }

  // MARK: Evaluating

  /// Returns false, and appends nothing, when the value is to be left out.
  private func append(_ node: Node, _ values: some SubstitutionValues, to output: inout TextBuffer) -> Bool {
    switch node {
    case .literal(let bytes): output.append(bytes)
    case .null: return appendAbsent(to: &output)
    case .value(let value, let maxLength, let arena): return append(value, maxLength, arena, values, to: &output)
    case .text(let segments, let arena): append(segments, arena, values, to: &output)
    case .object(let members): return append(members, values, to: &output)
    case .array(let elements): append(elements, values, to: &output)
    }
    return true
  }

  private func appendAbsent(to output: inout TextBuffer) -> Bool {
    if omitsEmptyValues { return false }
    output.append("null")
    return true
  }

  private func append(
    _ value: SubstitutionOperator, _ maxLength: Int?, _ arena: SubstitutionArena, _ values: some SubstitutionValues,
    to output: inout TextBuffer
  ) -> Bool {
    if value.isNumber {
      guard let number = value.number(values) else { return appendAbsent(to: &output) }
      output.append(decimal: number)
      return true
    }
    let start = output.count
    if case .dynamicMetadata(let index) = value {
      let isThere = values.appendDynamicMetadata(arena.metadataPaths[index], isText: false, to: &output)
      let isString = isThere && output.view[start] == 0x22
      // As Envoy: only a string is cut.
      if maxLength == nil || !isString { return isThere || appendAbsent(to: &output) }
      output.truncate(to: start)
    }
    if case .filterState(let format) = value, !format.isPlain {
      return format.append(values, isJSON: true, to: &output) || appendAbsent(to: &output)
    }
    output.append(byte: 0x22)
    guard value.append(values, maxLength, arena, to: &output) else {
      output.truncate(to: start)
      return appendAbsent(to: &output)
    }
    output.escapeJSON(from: start + 1)
    output.append(byte: 0x22)
    return true
  }

  private func append(
    _ segments: [SubstitutionFormat.Segment], _ arena: SubstitutionArena, _ values: some SubstitutionValues,
    to output: inout TextBuffer
  ) {
    output.append(byte: 0x22)
    for segment in segments {
      switch segment {
      case .literal(let bytes): output.append(bytes.view)
      case .value(let value, let maxLength):
        let start = output.count
        if value.append(values, maxLength, arena, to: &output) {
          output.escapeJSON(from: start)
        } else if !omitsEmptyValues {
          output.append("-")
        }
      }
    }
    output.append(byte: 0x22)
  }

  private func append(
    _ members: [(key: [UInt8], value: Node)], _ values: some SubstitutionValues, to output: inout TextBuffer
  ) -> Bool {
    let start = output.count
    output.append(byte: 0x7b)
    var count = 0
    for member in members {
      let before = output.count
      if count > 0 { output.append(byte: 0x2c) }
      output.append(member.key)
      if append(member.value, values, to: &output) {
        count += 1
      } else {
        output.truncate(to: before)
      }
    }
    if count == 0, omitsEmptyValues {
      output.truncate(to: start)
      return false
    }
    output.append(byte: 0x7d)
    return true
  }

  private func append(_ elements: [Node], _ values: some SubstitutionValues, to output: inout TextBuffer) {
    output.append(byte: 0x5b)
    var count = 0
    for element in elements {
      let before = output.count
      if count > 0 { output.append(byte: 0x2c) }
      if append(element, values, to: &output) {
        count += 1
      } else {
        output.truncate(to: before)
      }
    }
    output.append(byte: 0x5d)
  }
}
