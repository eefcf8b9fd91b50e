import Glibc
import Reactor

/// The buffer of bytes and the table of entries, and how they grow.
extension HeaderMap {
  /// Whether it holds more memory than messages mostly need.
  var isLarge: Bool { capacity > 4 * Self.initialBytes }

  @inlinable
  func entry(_ index: Int) -> Entry {
    precondition(index >= 0 && index < endIndex)
    return entries[index]
  }

  @inlinable
  func mayHave(_ name: HeaderName) -> Bool {
    let raw = name.rawValue
    return raw < 64 ? presence.0 & (1 &<< UInt64(raw)) != 0 : presence.1 & (1 &<< UInt64(raw & 63)) != 0
  }

  @usableFromInline
  func scan(for name: HeaderName, from start: Int) -> Int? {
    var index = start
    while index < endIndex {
      if entries[index].name == name, !entries[index].removed { return index }
      index += 1
    }
    return nil
  }

  func clearPresence(_ name: HeaderName) {
    let raw = name.rawValue
    if raw < 64 {
      presence.0 &= ~(1 &<< UInt64(raw))
    } else {
      presence.1 &= ~(1 &<< UInt64(raw & 63))
    }
  }

  func removeOthers(of name: HeaderName, after index: Int) {
    guard hasRepeated else { return }
    var next = scan(for: name, from: index + 1)
    while let index = next {
      remove(at: index)
      next = scan(for: name, from: index + 1)
    }
  }

  @inline(__always)
  func push(_ entry: Entry) {
    if endIndex == entryCapacity { growEntries() }
    (entries + endIndex).initialize(to: entry)
    note(entry.name, at: endIndex)
    endIndex &+= 1
    count &+= 1
  }

  @inline(__always)
  func note(_ name: HeaderName, at index: Int) {
    let raw = name.rawValue
    if raw == HeaderName.other.rawValue { return }
    if mayHave(name) {
      hasRepeated = true
      return
    }
    places[Int(raw)] = UInt8(truncatingIfNeeded: min(index, 254) &+ 1)
    if raw < 64 {
      presence.0 |= 1 &<< UInt64(raw)
    } else {
      presence.1 |= 1 &<< UInt64(raw & 63)
    }
  }

  func growEntries() {
    let larger = UnsafeMutablePointer<Entry>.allocate(capacity: entryCapacity * 2)
    larger.moveInitialize(from: entries, count: endIndex)
    entries.deallocate()
    entries = larger
    entryCapacity *= 2
  }

  /// Copies the bytes to the end of the buffer, also when they are a view into it.
  @inline(__always)
  func store(_ view: ByteView) -> UInt32 {
    let offset = used
    if capacity &- used >= view.count {
      copyBytes(from: view.start, count: view.count, to: bytes + used)
    } else {
      storeGrowing(view)
    }
    used &+= view.count
    // A buffer is never larger than what UInt32 counts (reserve).
    return UInt32(truncatingIfNeeded: offset)
  }

  /// Apart, so that the common case is short.
  @inline(never)
  private func storeGrowing(_ view: ByteView) {
    reserve(view.count, keeping: view, .empty) { target, view, _ in memcpy(target, view.start, view.count) }
  }

  /// Makes room for `length` more bytes and lets `fill` write them; what the views show stays readable meanwhile.
  func reserve(
    _ length: Int, keeping first: ByteView, _ second: ByteView,
    _ fill: (UnsafeMutablePointer<UInt8>, ByteView, ByteView) -> Void
  ) {
    if capacity - used >= length { return fill(bytes + used, first, second) }
    var newCapacity = capacity * 2
    while newCapacity - used < length { newCapacity *= 2 }
    precondition(newCapacity <= Int(UInt32.max))
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity + Self.slack)
    memcpy(larger, bytes, used)
    fill(larger + used, first, second)
    bytes.deallocate()
    bytes = larger
    capacity = newCapacity
  }

  func withDecimal(_ value: Int, _ body: (ByteView) -> Void) {
    var digits: InlineArray<20, UInt8> = .init(repeating: 0)
    var first = 20
    var magnitude = value.magnitude
    repeat {
      first -= 1
      digits[first] = UInt8(truncatingIfNeeded: 0x30 &+ magnitude % 10)
      magnitude /= 10
    } while magnitude != 0
    withUnsafeBytes(of: &digits) { body(ByteView(UnsafeRawBufferPointer(rebasing: $0[first..<20]))) }
  }
}
