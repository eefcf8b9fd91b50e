/// Frames by hand (RFC 9113 §4.1), also such as no codec of ours would send. Fields are literals without compression.
enum Frames {
  static let endStream: UInt8 = 0x1
  static let endHeaders: UInt8 = 0x4
  static let padded: UInt8 = 0x8
  static let ack: UInt8 = 0x1

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings()

  static func frame(_ type: UInt8, _ flags: UInt8 = 0, _ stream: UInt32, _ payload: [UInt8] = []) -> [UInt8] {
    let length = payload.count
    return [UInt8(length >> 16 & 0xff), UInt8(length >> 8 & 0xff), UInt8(length & 0xff), type, flags] + word(stream)
      + payload
  }

  static func word(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
  }

  static func data(_ stream: UInt32, _ text: String, _ flags: UInt8 = 0) -> [UInt8] {
    frame(0, flags, stream, Array(text.utf8))
  }

  /// `name: value` lines.
  static func block(_ fields: String) -> [UInt8] {
    fields.split(separator: "\n").flatMap { line -> [UInt8] in
      let colon = line.dropFirst().firstIndex(of: ":") ?? line.endIndex
      return [0] + text(String(line[..<colon])) + text(String(line[colon...].dropFirst(2)))
    }
  }

  private static func text(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    if bytes.count < 127 { return [UInt8(bytes.count)] + bytes }
    var rest = bytes.count - 127
    var length: [UInt8] = [127]
    while rest >= 128 {
      length.append(UInt8(rest % 128 + 128))
      rest /= 128
    }
    return length + [UInt8(rest)] + bytes
  }

  static func headers(
    _ stream: UInt32, _ fields: String = get, _ flags: UInt8 = endStream | endHeaders
  ) -> [UInt8] { frame(1, flags, stream, block(fields)) }

  static let get = ":method: GET\n:scheme: http\n:authority: h\n:path: /"

  static func priority(_ stream: UInt32) -> [UInt8] { frame(2, stream, [0, 0, 0, 0, 1]) }

  static func reset(_ stream: UInt32, _ code: UInt32) -> [UInt8] { frame(3, 0, stream, word(code)) }

  static func settings(_ entries: [(UInt8, UInt32)] = [], _ flags: UInt8 = 0) -> [UInt8] {
    frame(4, flags, 0, entries.flatMap { [0, $0.0] + word($0.1) })
  }

  static func ping() -> [UInt8] { frame(6, 0, 0, Array(repeating: 7, count: 8)) }

  static func goAway(_ last: UInt32, _ code: UInt32 = 0) -> [UInt8] { frame(7, 0, 0, word(last) + word(code)) }

  static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] { frame(8, 0, stream, word(increment)) }

  static func continuation(_ stream: UInt32, _ fields: String, _ flags: UInt8 = 0) -> [UInt8] {
    frame(9, flags, stream, block(fields))
  }

  private static func frame(_ type: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
    frame(type, 0, stream, payload)
  }

  /// What was sent, a line for each frame: "RST_STREAM 1 2", "HEADERS 1 end", "GOAWAY 0 1".
  static func describe(_ bytes: [UInt8]) -> [String] {
    var rest = bytes[...]
    if rest.starts(with: Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)) { rest = rest.dropFirst(24) }
    var lines: [String] = []
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
      let payload = Array(rest.dropFirst(9).prefix(length))
      rest = rest.dropFirst(9 + length)
      lines.append(describe(head[3], head[4], number(Array(head[5...])), payload))
    }
    return lines
  }

  /// Each frame by itself.
  static func split(_ bytes: [UInt8]) -> [[UInt8]] {
    var rest = bytes[...]
    var frames: [[UInt8]] = []
    while rest.count >= 9 {
      let head = Array(rest.prefix(9))
      let length = 9 + (Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2]))
      frames.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return frames
  }

  private static func number(_ bytes: [UInt8]) -> UInt32 { bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

  private static func describe(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> String {
    let end = flags & endStream != 0 ? " end" : ""
    switch type {
    case 0: return "DATA \(stream) \(payload.count)\(end)"
    case 1: return "HEADERS \(stream)\(end)"
    case 3: return "RST_STREAM \(stream) \(number(payload))"
    case 4: return flags & ack != 0 ? "SETTINGS ack" : "SETTINGS"
    case 6: return flags & ack != 0 ? "PING ack" : "PING"
    case 7: return "GOAWAY \(number(payload)) \(number(Array(payload.dropFirst(4))))"
    case 8: return "WINDOW_UPDATE \(stream) \(number(payload))"
    default: return "type \(type) \(stream)"
    }
  }
}
