import Reactor

/// Takes the content of one message apart as it comes: a value without I/O. Bytes go in, steps come out; data is never
/// copied, and nothing but a trailer section waits for more.
///
///     length:   data* -> end                chunked:   size -> data -> CRLF -> size … 0 -> trailers -> end
struct BodyReader {
  enum Step {
    /// All the bytes given are taken, or what is left (part of a trailer section) waits for more.
    case needMore
    case data(ByteView, isLast: Bool)
    /// A trailer section with at least one field line, up to and with its empty line.
    case trailers(ByteView)
    /// The content ends, and nothing was said of it before.
    case end
  }

  private enum State {
    case data, untilClose, firstDigit, size, space, chunkExtension, sizeEnd, dataEnd, dataEndLF, trailers, done
  }

  /// Bytes of a chunk's extensions, which mean nothing to us and are dropped (RFC 9112 §7.1.1).
  private static let maxExtensionBytes = 4096

  private let isChunked: Bool
  private let maxTrailerBytes: Int
  private var state: State
  /// Bytes of content, or of the present chunk, still to come.
  private var remaining: UInt64 = 0
  private var extensionBytes = 0
  private var trailerSearch = HeadSearch()

  init(_ framing: MessageFraming, maxTrailerBytes: Int) {
    self.maxTrailerBytes = maxTrailerBytes
    isChunked = framing == .chunked
    switch framing {
    case .none: state = .done
    case .length(let length):
      state = length == 0 ? .done : .data
      remaining = length
    case .chunked: state = .firstDigit
    case .untilClose: state = .untilClose
    }
  }

  /// Whether the end of the connection is the end of the content.
  var endsWithConnection: Bool { state == .untilClose }

  /// The next step of what `bytes` hold from `index` on, which moves behind what the step takes.
  mutating func next(_ bytes: ByteView, from index: inout Int) throws(CodecError) -> Step {
    while true {
      switch state {
      case .done: return .end
      case .trailers: return try readTrailers(bytes, from: &index)
      case .data where index < bytes.count: return readData(bytes, from: &index)
      case .untilClose where index < bytes.count:
        let data = bytes.dropFirst(index)
        index = bytes.count
        return .data(data, isLast: false)
      default:
        guard index < bytes.count else { return .needMore }
        try readFrame(bytes[index])
        index += 1
      }
    }
  }

  private mutating func readData(_ bytes: ByteView, from index: inout Int) -> Step {
    let available = bytes.count - index
    let length = remaining < UInt64(available) ? Int(remaining) : available
    let data = bytes[index..<(index + length)]
    index += length
    remaining -= UInt64(length)
    guard remaining == 0 else { return .data(data, isLast: false) }
    if !isChunked {
      state = .done
      return .data(data, isLast: true)
    }
    state = .dataEnd
    // The whole rest is often here already: say so with the data, and the far side gets both in one write.
    guard bytes.dropFirst(index).hasPrefix(ByteView("\r\n0\r\n\r\n")) else { return .data(data, isLast: false) }
    index += 7
    state = .done
    return .data(data, isLast: true)
  }

  /// One byte of what stands between the data (RFC 9112 §7.1). Lines end with CRLF and nothing less; white space before
  /// an extension is taken (BWS), before a line's end it is not.
  private mutating func readFrame(_ byte: UInt8) throws(CodecError) {
    switch state {
    case .firstDigit:
      guard let digit = Self.hexadecimal(byte) else { throw .malformed }
      remaining = digit
      extensionBytes = 0
      state = .size
    case .size:
      if let digit = Self.hexadecimal(byte) {
        guard remaining >> 60 == 0 else { throw .malformed }
        remaining = remaining << 4 | digit
        // Leading zeros are bounded too.
        try countExtension()
      } else {
        try endSize(byte)
      }
    case .space:
      if byte == 0x20 || byte == 0x09 {
        try countExtension()
      } else if byte == 0x3b {
        state = .chunkExtension
      } else {
        throw .malformed
      }
    case .chunkExtension:
      if byte == 0x0d {
        state = .sizeEnd
      } else if byte < 0x20 && byte != 0x09 || byte == 0x7f {
        throw .malformed
      } else {
        try countExtension()
      }
    case .sizeEnd:
      guard byte == 0x0a else { throw .malformed }
      trailerSearch = HeadSearch()
      state = remaining == 0 ? .trailers : .data
    case .dataEnd:
      guard byte == 0x0d else { throw .malformed }
      state = .dataEndLF
    case .dataEndLF:
      guard byte == 0x0a else { throw .malformed }
      state = .firstDigit
    case .data, .untilClose, .trailers, .done: throw .malformed
    }
  }

  private mutating func endSize(_ byte: UInt8) throws(CodecError) {
    switch byte {
    case 0x0d: state = .sizeEnd
    case 0x20, 0x09: state = .space
    case 0x3b: state = .chunkExtension
    default: throw .malformed
    }
  }

  private mutating func countExtension() throws(CodecError) {
    extensionBytes += 1
    guard extensionBytes <= Self.maxExtensionBytes else { throw .malformed }
  }

  /// Trailer fields are read together: their bytes are not taken before the empty line is there.
  private mutating func readTrailers(_ bytes: ByteView, from index: inout Int) throws(CodecError) -> Step {
    let section = bytes.dropFirst(index)
    guard section.count > 0, section[0] != 0x0d || section.count > 1 else { return .needMore }
    if section[0] == 0x0a || section[0] == 0x0d {
      guard let end = try endOfLine(section, at: 0) else { return .needMore }
      index += end
      state = .done
      return .end
    }
    guard let end = trailerSearch.end(section) else {
      guard section.count <= maxTrailerBytes else { throw .headersTooLarge }
      return .needMore
    }
    guard end <= maxTrailerBytes else { throw .headersTooLarge }
    index += end
    state = .done
    return .trailers(section.prefix(end))
  }

  private static func hexadecimal(_ byte: UInt8) -> UInt64? {
    if isDigit(byte) { return UInt64(byte &- 0x30) }
    let letter = asciiLowercased(byte) &- 0x61
    return letter < 6 ? UInt64(letter &+ 10) : nil
  }
}
