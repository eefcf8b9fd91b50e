import Glibc
import Reactor

/// The known names by a hash of their first and last eight bytes, so that a name on the wire is recognised with a few
/// loads and without a copy in lower case. Built once from ``HeaderName``: a new case there needs nothing here.
///
/// Unchecked, and sound: the memory is written by `init` alone, and never freed.
final class HeaderNameTable: @unchecked Sendable {
  static let shared = HeaderNameTable()

  private static let slotCount = 1024
  /// Bytes of a row of `lines`: what ``write(_:to:)`` needs at its target.
  static let rowLength = 64

  private struct Row {
    var first: UInt64 = 0
    var last: UInt64 = 0
    var length: UInt32 = 0
    var name = HeaderName.other
  }

  /// Raw values of names; 0 (`other`) is an empty slot. Collisions go to the next one.
  private let slots: UnsafeMutablePointer<UInt8>
  private let rows: UnsafeMutablePointer<Row>
  /// "name: " in `rowLength` bytes each, filled up with zeros: copied by words, see ``write(_:to:)``.
  private let lines: UnsafeMutablePointer<UInt8>

  private init() {
    let rowCount = Int(UInt8.max) + 1
    slots = .allocate(capacity: Self.slotCount)
    slots.initialize(repeating: 0, count: Self.slotCount)
    rows = .allocate(capacity: rowCount)
    rows.initialize(repeating: Row(), count: rowCount)
    lines = .allocate(capacity: rowCount * Self.rowLength)
    lines.initialize(repeating: 0, count: rowCount * Self.rowLength)
    for name in HeaderName.allCases where name != .other { insert(name) }
  }

  private func insert(_ name: HeaderName) {
    let text = ByteView(name.text)
    precondition(text.count + 2 <= Self.rowLength)
    var row = Self.row(of: text, 0, text.count)
    row.name = name
    rows[Int(name.rawValue)] = row
    let line = lines + Int(name.rawValue) * Self.rowLength
    memcpy(line, text.start, text.count)
    line[text.count] = 0x3a
    line[text.count + 1] = 0x20
    var slot = Self.slot(of: row)
    while slots[slot] != 0 { slot = (slot + 1) & (Self.slotCount - 1) }
    slots[slot] = name.rawValue
  }

  /// The known name that `length` bytes from `start` on are, in any case of letters, or `other`. They hold no control
  /// characters, and lie within `bytes`.
  @inline(__always)
  func find(_ bytes: ByteView, from start: Int, length: Int) -> HeaderName {
    let row = Self.row(of: bytes, start, length)
    var slot = Self.slot(of: row)
    while slots[slot] != 0 {
      let known = rows[Int(slots[slot])]
      if known.first == row.first, known.last == row.last, known.length == row.length,
        length <= 16 || hasMiddle(known.name, bytes, start, length)
      {
        return known.name
      }
      slot = (slot &+ 1) & (Self.slotCount &- 1)
    }
    return .other
  }

  /// As ``find(_:from:length:)`` for a name in lower case, without control characters.
  @inline(__always)
  func find(lowercase name: ByteView) -> HeaderName {
    let row = Self.row(of: name, 0, name.count)
    var slot = Self.slot(of: row)
    while slots[slot] != 0 {
      let known = rows[Int(slots[slot])]
      if known.first == row.first, known.last == row.last, known.length == row.length,
        name.count <= 16 || text(of: known.name) == name
      {
        return known.name
      }
      slot = (slot &+ 1) & (Self.slotCount &- 1)
    }
    return .other
  }

  /// The text of a known name, as ``HeaderName/text``, without a switch over all of them. Valid for ever.
  @inline(__always)
  func text(of name: HeaderName) -> ByteView {
    ByteView(
      start: UnsafePointer(lines + Int(name.rawValue) &* Self.rowLength),
      count: Int(rows[Int(name.rawValue)].length))
  }

  /// Writes "name: " to `target`, where ``rowLength`` bytes are free, and returns how many bytes that is.
  @inline(__always)
  func write(_ name: HeaderName, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let length = Int(rows[Int(name.rawValue)].length) &+ 2
    let line = UnsafeRawPointer(lines + Int(name.rawValue) &* Self.rowLength)
    var offset = 0
    while offset < length {
      let word = line.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      UnsafeMutableRawPointer(target).storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
      offset &+= 8
    }
    return length
  }

  /// Whether the bytes between the first and the last eight are those of the name too.
  private func hasMiddle(_ name: HeaderName, _ bytes: ByteView, _ start: Int, _ length: Int) -> Bool {
    ByteView(start: lines + Int(name.rawValue) * Self.rowLength, count: length)
      .equalsIgnoringCase(bytes[start..<(start + length)])
  }

  @inline(__always)
  private static func row(of bytes: ByteView, _ start: Int, _ length: Int) -> Row {
    let caseBits = ByteView.spread &* 0x20
    let first = bytes.word(at: start) | caseBits
    let length32 = UInt32(truncatingIfNeeded: length)
    if length >= 8 {
      return Row(first: first, last: bytes.word(at: start &+ length &- 8) | caseBits, length: length32)
    }
    let short = first & ((1 &<< UInt64(truncatingIfNeeded: 8 &* length)) &- 1)
    return Row(first: short, last: short, length: length32)
  }

  @inline(__always)
  private static func slot(of row: Row) -> Int {
    let mixed = (row.first ^ (row.last &* 31)) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed &>> 54)
  }
}
