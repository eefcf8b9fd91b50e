import Reactor

/// Reads big-endian numbers and vectors with a length in front (RFC 8446 §3); nil where the bytes do not suffice.
struct WireReader {
  private var rest: ByteView

  init(_ bytes: ByteView) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ count: Int) -> Bool { take(count) != nil }

  mutating func uint8() -> UInt8? { take(1).map { $0[0] } }

  mutating func uint16() -> UInt16? { take(2).map { UInt16($0[0]) << 8 | UInt16($0[1]) } }

  /// A vector whose length is told in one byte.
  mutating func vector8() -> ByteView? { uint8().flatMap { take(Int($0)) } }

  /// A vector whose length is told in two bytes.
  mutating func vector16() -> ByteView? { uint16().flatMap { take(Int($0)) } }

  private mutating func take(_ count: Int) -> ByteView? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }
}
