/// Reads JSON as RFC 8259 has it, and nothing more lax; `throws` at the first thing that is not JSON.
struct JSONParser {
  private var builder: DocumentBuilder
  /// Where the text ends; behind it the builder keeps rewritten strings.
  private let limit: Int
  private var position = 0
  private var line = 1
  private var lineStart = 0
  /// UTF-8 continuation bytes since `lineStart`: columns count characters.
  private var continuationBytes = 0

  private init(file: String, bytes: [UInt8]) {
    limit = bytes.count
    builder = DocumentBuilder(file: file, bytes: bytes)
  }

  static func parse(file: String, bytes: [UInt8]) throws(ConfigError) -> DocumentBuilder {
    var parser = JSONParser(file: file, bytes: bytes)
    parser.skipSpace()
    guard parser.position < parser.limit else {
      throw parser.error("the text is empty", allowed: "an object is allowed")
    }
    try parser.value()
    parser.skipSpace()
    guard parser.position == parser.limit else {
      throw parser.unexpected(allowed: "nothing may follow the configuration's closing brace")
    }
    return parser.builder
  }

  private var place: DocumentBuilder.Place {
    DocumentBuilder.Place(line: line, column: position - lineStart - continuationBytes + 1)
  }

  private var next: UInt8? { position < limit ? builder.bytes[position] : nil }

  private func error(_ problem: String, allowed: String = "") -> ConfigError {
    builder.error(place, problem, allowed: allowed)
  }

  private func unexpected(allowed: String) -> ConfigError {
    guard let byte = next else { return error("the text ends too early", allowed: allowed) }
    if byte > 0x20 && byte < 0x7f {
      return error("unexpected '\(Character(Unicode.Scalar(byte)))'", allowed: allowed)
    }
    return error("unexpected byte \(byte)", allowed: allowed)
  }

  private mutating func skipSpace() {
    while position < limit {
      switch builder.bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "\n"):
        position += 1
        line += 1
        lineStart = position
        continuationBytes = 0
      default: return
      }
    }
  }

  private mutating func value() throws(ConfigError) {
    switch next {
    case UInt8(ascii: "{"): try object()
    case UInt8(ascii: "["): try array()
    case UInt8(ascii: "\""): try string(.string)
    case UInt8(ascii: "t"): try word("true", .bool)
    case UInt8(ascii: "f"): try word("false", .bool)
    case UInt8(ascii: "n"): try word("null", .null)
    case UInt8(ascii: "-"): try number()
    case let byte where isDigit(byte): try number()
    default: throw unexpected(allowed: "a value is allowed here")
    }
  }

  private mutating func object() throws(ConfigError) {
    try builder.begin(.object, at: place)
    position += 1
    skipSpace()
    while next != UInt8(ascii: "}") {
      guard next == UInt8(ascii: "\"") else { throw unexpected(allowed: "a name in double quotes or } is allowed") }
      try string(.key)
      skipSpace()
      guard next == UInt8(ascii: ":") else { throw unexpected(allowed: ": is allowed after a name") }
      position += 1
      skipSpace()
      try value()
      try separator(before: UInt8(ascii: "}"), allowed: ", or } is allowed")
    }
    position += 1
    builder.end()
  }

  private mutating func array() throws(ConfigError) {
    try builder.begin(.array, at: place)
    position += 1
    skipSpace()
    while next != UInt8(ascii: "]") {
      try value()
      try separator(before: UInt8(ascii: "]"), allowed: ", or ] is allowed")
    }
    position += 1
    builder.end()
  }

  /// Steps over a comma, which something must follow, or stops at `closing`.
  private mutating func separator(before closing: UInt8, allowed: String) throws(ConfigError) {
    skipSpace()
    if next == closing { return }
    guard next == UInt8(ascii: ",") else { throw unexpected(allowed: allowed) }
    let comma = place
    position += 1
    skipSpace()
    if next == closing { throw builder.error(comma, "nothing follows the comma", allowed: "remove it") }
  }

  private mutating func word(_ word: StaticString, _ kind: Document.Kind) throws(ConfigError) {
    let end = position + word.utf8CodeUnitCount
    let isWord =
      end <= limit && word.withUTF8Buffer { builder.bytes[position..<end].elementsEqual($0) }
    guard isWord else { throw unexpected(allowed: "a value is allowed here") }
    try builder.add(kind, text: position..<end, at: place)
    position = end
  }

  private mutating func number() throws(ConfigError) {
    let (start, startPlace) = (position, place)
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") {
      position += 1
      if isDigit(next) { throw unexpected(allowed: "a number has no leading zero") }
    } else {
      try digits()
    }
    if next == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    var hasExponent = false
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      hasExponent = true
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    // Only a long number or one with an exponent can be out of range.
    let text = start..<position
    if hasExponent || text.count > 300, ScalarText.double(builder.bytes[text]) == nil {
      throw builder.error(
        startPlace, "the number is out of range", allowed: "a number that 64 bits can hold is allowed")
    }
    try builder.add(.number, text: text, at: startPlace)
  }

  private mutating func digits() throws(ConfigError) {
    guard isDigit(next) else { throw unexpected(allowed: "a digit is allowed here") }
    while isDigit(next) { position += 1 }
  }

  private func isDigit(_ byte: UInt8?) -> Bool {
    guard let byte else { return false }
    return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  // MARK: Strings

  private mutating func string(_ kind: Document.Kind) throws(ConfigError) {
    let startPlace = place
    position += 1
    let start = position
    while position < limit {
      skipPlain()
      guard let byte = next else { break }
      if byte == UInt8(ascii: "\"") {
        try builder.add(kind, text: start..<position, at: startPlace)
        position += 1
        return
      }
      if byte == UInt8(ascii: "\\") { return try rewrittenString(kind, start: start, at: startPlace) }
      try step(over: byte)
    }
    throw unexpected(allowed: "a string ends with a double quote")
  }

  /// The rest of a string in which an escape was seen.
  private mutating func rewrittenString(
    _ kind: Document.Kind, start: Int, at startPlace: DocumentBuilder.Place
  ) throws(ConfigError) {
    var text = Array(builder.bytes[start..<position])
    while position < limit {
      let byte = builder.bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return try builder.add(kind, text: builder.store(text), at: startPlace)
      case UInt8(ascii: "\\"):
        try escape(into: &text)
      default:
        let start = position
        try step(over: byte)
        text.append(contentsOf: builder.bytes[start..<position])
      }
    }
    throw unexpected(allowed: "a string ends with a double quote")
  }

  /// Steps over ASCII that stands for itself, which is nearly all there is.
  private mutating func skipPlain() {
    var end = position
    while end < limit {
      let byte = builder.bytes[end]
      if byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
      end += 1
    }
    position = end
  }

  /// Steps over one character of a string.
  private mutating func step(over byte: UInt8) throws(ConfigError) {
    if byte >= 0x20 && byte < 0x80 {
      position += 1
      return
    }
    guard byte >= 0x80 else {
      throw error("control character \(byte) in a string", allowed: "write it as an escape, as \\n")
    }
    let count = UTF8Sequence.count(at: position, in: builder.bytes, limit: limit)
    guard count > 0 else { throw error("the text is not valid UTF-8") }
    position += count
    continuationBytes += count - 1
  }

  private mutating func escape(into text: inout [UInt8]) throws(ConfigError) {
    let escapePlace = place
    position += 1
    guard let byte = next else { throw unexpected(allowed: "a string ends with a double quote") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "u"):
      let scalar = try unicodeScalar(at: escapePlace)
      text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default:
      throw builder.error(escapePlace, "unknown escape", allowed: #"\" \\ \/ \b \f \n \r \t \uXXXX are allowed"#)
    }
  }

  /// What follows `\u`: four digits, or two escapes that make a surrogate pair.
  private mutating func unicodeScalar(at place: DocumentBuilder.Place) throws(ConfigError) -> Unicode.Scalar {
    let high = try fourHexDigits(place)
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard high < 0xDC00, next == UInt8(ascii: "\\") else { throw loneSurrogate(place) }
    position += 1
    guard next == UInt8(ascii: "u") else { throw loneSurrogate(place) }
    position += 1
    let low = try fourHexDigits(place)
    guard (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    else { throw loneSurrogate(place) }
    return scalar
  }

  private func loneSurrogate(_ place: DocumentBuilder.Place) -> ConfigError {
    builder.error(place, "half of a surrogate pair", allowed: "two \\u escapes make one character beyond U+FFFF")
  }

  private mutating func fourHexDigits(_ place: DocumentBuilder.Place) throws(ConfigError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw builder.error(place, "unfinished escape", allowed: "four hexadecimal digits follow \\u")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
