import Glibc

/// Reads a substitution format string: text, `%%`, and `%OPERATOR(parameters):length%`.
struct SubstitutionParser {
  /// One operator as it is written.
  struct Command {
    let name: String
    /// nil without parentheses.
    let parameters: String?
    let length: Int?
    let position: Int
  }

  private let format: [UInt8]
  private let identify: (String) -> UInt8
  private let arena: SubstitutionArena
  private var offset = 0

  /// - Parameter identify: gives each lower-case header name the number that `SubstitutionHeader` carries.
  init(_ format: String, arena: SubstitutionArena, identify: @escaping (String) -> UInt8) {
    self.format = Array(format.utf8)
    self.identify = identify
    self.arena = arena
  }

  mutating func parse() throws(SubstitutionFormatError) -> [SubstitutionFormat.Segment] {
    var segments: [SubstitutionFormat.Segment] = []
    var literal: [UInt8] = []
    while offset < format.count {
      if format[offset] != 0x25 {
        literal.append(format[offset])
        offset += 1
      } else if offset + 1 < format.count, format[offset + 1] == 0x25 {
        literal.append(0x25)
        offset += 2
      } else {
        let command = try command()
        let compiled = try OperatorCompiler(command: command, arena: arena, identify: identify).compile()
        if !literal.isEmpty { segments.append(.literal(arena.keep(literal))) }
        literal = []
        segments.append(.value(compiled, maxLength: command.length))
      }
    }
    if !literal.isEmpty { segments.append(.literal(arena.keep(literal))) }
    return segments
  }

  private mutating func command() throws(SubstitutionFormatError) -> Command {
    let position = offset
    var cursor = offset + 1
    let name = take(from: &cursor) { $0 >= 0x41 && $0 <= 0x5a || $0 >= 0x30 && $0 <= 0x39 || $0 == 0x5f }
    var parameters: [UInt8]?
    if cursor < format.count, format[cursor] == 0x28 {
      cursor += 1
      parameters = take(from: &cursor) { $0 != 0x29 }
      guard cursor < format.count else { throw unterminated(at: position) }
      cursor += 1
    }
    var length: Int?
    if cursor < format.count, format[cursor] == 0x3a {
      cursor += 1
      let digits = take(from: &cursor) { $0 >= 0x30 && $0 <= 0x39 }
      guard !digits.isEmpty else { throw unterminated(at: position) }
      length = Int(String(decoding: digits, as: UTF8.self)) ?? Int.max
    }
    guard !name.isEmpty, cursor < format.count, format[cursor] == 0x25 else { throw unterminated(at: position) }
    offset = cursor + 1
    return Command(
      name: String(decoding: name, as: UTF8.self), parameters: parameters.map { String(decoding: $0, as: UTF8.self) },
      length: length, position: position)
  }

  private func take(from cursor: inout Int, while wanted: (UInt8) -> Bool) -> [UInt8] {
    let start = cursor
    while cursor < format.count, wanted(format[cursor]) { cursor += 1 }
    return Array(format[start..<cursor])
  }

  private func unterminated(at position: Int) -> SubstitutionFormatError {
    let text = String(decoding: format, as: UTF8.self)
    return SubstitutionFormatError(
      message: "Incorrect configuration: \(text). Couldn't find valid command at position \(position)",
      position: position)
  }
}
